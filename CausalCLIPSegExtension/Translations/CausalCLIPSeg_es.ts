<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="es" sourcelanguage="en">
    <context>
        <name>CausalCLIPSeg</name>
        <message>
            <source>The outlines are a proposal; a person decides.</source>
            <translation>Los contornos son una propuesta; una persona decide.</translation>
        </message>
        <message>
            <source>For research; manual</source>
            <translation>Para investigación; manual</translation>
        </message>
        <message>
            <source>For research, not for diagnosis.</source>
            <translation>Para investigación, no para el diagnóstico.</translation>
        </message>
        <message>
            <source>Python packages are missing, about 300 MB.</source>
            <translation>Faltan paquetes de Python, unos 300 MB.</translation>
        </message>
        <message>
            <source>Ask, then download and install the Python packages of the network into Slicer. More is under Settings.</source>
            <translation>Pregunta y después descarga e instala en Slicer los paquetes de Python de la red. Hay más opciones en Ajustes.</translation>
        </message>
        <message>
            <source>Install what is missing</source>
            <translation>Instalar lo que falta</translation>
        </message>
        <message>
            <source>Install...</source>
            <translation>Instalar...</translation>
        </message>
        <message>
            <source>What one does for each radiograph, and what is set once.</source>
            <translation>Lo que se hace con cada radiografía y lo que se ajusta una vez.</translation>
        </message>
        <message>
            <source>Outline and settings</source>
            <translation>Contorno y ajustes</translation>
        </message>
        <message>
            <source>Outline</source>
            <translation>Contorno</translation>
        </message>
        <message>
            <source>From the note to the corrected outlines.</source>
            <translation>De la nota a los contornos corregidos.</translation>
        </message>
        <message>
            <source>The radiograph, and what its note says.</source>
            <translation>La radiografía y lo que dice su nota.</translation>
        </message>
        <message>
            <source>Radiograph and note</source>
            <translation>Radiografía y nota</translation>
        </message>
        <message>
            <source>Input vo&amp;lume:</source>
            <translation>Vo&amp;lumen de entrada:</translation>
        </message>
        <message>
            <source>The chest radiograph: a volume of one slice, gray or color.</source>
            <translation>La radiografía de tórax: un volumen de un solo corte, en gris o en color.</translation>
        </message>
        <message>
            <source>Input volume</source>
            <translation>Volumen de entrada</translation>
        </message>
        <message>
            <source>Select a radiograph</source>
            <translation>Elija una radiografía</translation>
        </message>
        <message>
            <source>Load a real chest radiograph and a note that fits it.</source>
            <translation>Carga una radiografía de tórax real y una nota que le corresponde.</translation>
        </message>
        <message>
            <source>Load a sample radiograph</source>
            <translation>Cargar una radiografía de ejemplo</translation>
        </message>
        <message>
            <source>Load sample</source>
            <translation>Cargar ejemplo</translation>
        </message>
        <message>
            <source>Outp&amp;ut:</source>
            <translation>Sal&amp;ida:</translation>
        </message>
        <message>
            <source>The segmentation that gets the outlines. In an existing one, segments that you have drawn or corrected are kept.</source>
            <translation>La segmentación que recibe los contornos. En una existente se conservan los segmentos que usted ha dibujado o corregido.</translation>
        </message>
        <message>
            <source>Output segmentation</source>
            <translation>Segmentación de salida</translation>
        </message>
        <message>
            <source>New segmentation</source>
            <translation>Segmentación nueva</translation>
        </message>
        <message>
            <source>Brightness and contrast of the radiograph. In a view, drag with the left mouse button for others.</source>
            <translation>Brillo y contraste de la radiografía. Para otros valores, arrastre en una vista con el botón izquierdo del ratón.</translation>
        </message>
        <message>
            <source>Brightness and contrast of the radiograph</source>
            <translation>Brillo y contraste de la radiografía</translation>
        </message>
        <message>
            <source>Window</source>
            <translation>Ventana</translation>
        </message>
        <message>
            <source>As stored</source>
            <translation>Como está guardada</translation>
        </message>
        <message>
            <source>Whole range</source>
            <translation>Rango completo</translation>
        </message>
        <message>
            <source>Lungs</source>
            <translation>Pulmones</translation>
        </message>
        <message>
            <source>Bones and mediastinum</source>
            <translation>Huesos y mediastino</translation>
        </message>
        <message>
            <source>Inverted</source>
            <translation>Invertida</translation>
        </message>
        <message>
            <source>&amp;Note:</source>
            <translation>&amp;Nota:</translation>
        </message>
        <message>
            <source>The note or the report. Left and right are the patient's. {keys} runs.</source>
            <translation>La nota o el informe. La izquierda y la derecha son las del paciente. {keys} lo ejecuta.</translation>
        </message>
        <message>
            <source>Note</source>
            <translation>Nota</translation>
        </message>
        <message>
            <source>For example: Consolidation in the right lower zone.</source>
            <translation>Por ejemplo: Consolidación en el campo inferior derecho.</translation>
        </message>
        <message>
            <source>Replace the note with the text on the clipboard.</source>
            <translation>Sustituye la nota por el texto del portapapeles.</translation>
        </message>
        <message>
            <source>Paste the note</source>
            <translation>Pegar la nota</translation>
        </message>
        <message>
            <source>Paste</source>
            <translation>Pegar</translation>
        </message>
        <message>
            <source>Read the note from a text file.</source>
            <translation>Lee la nota de un archivo de texto.</translation>
        </message>
        <message>
            <source>Read the note from a file</source>
            <translation>Leer la nota de un archivo</translation>
        </message>
        <message>
            <source>From file...</source>
            <translation>De archivo...</translation>
        </message>
        <message>
            <source>Notes that were used in this scene; choose one to use it again.</source>
            <translation>Notas que se usaron en esta escena; elija una para usarla otra vez.</translation>
        </message>
        <message>
            <source>Earlier notes</source>
            <translation>Notas anteriores</translation>
        </message>
        <message>
            <source>Understood:</source>
            <translation>Entendido:</translation>
        </message>
        <message>
            <source>How the note was understood, and on which side, before anything runs.</source>
            <translation>Cómo se entendió la nota, y en qué lado, antes de ejecutar nada.</translation>
        </message>
        <message>
            <source>How the note was understood</source>
            <translation>Cómo se entendió la nota</translation>
        </message>
        <message>
            <source>What the note says and the outline does not use, with the reasons.</source>
            <translation>Lo que dice la nota y el contorno no usa, con los motivos.</translation>
        </message>
        <message>
            <source>Statements that are not used</source>
            <translation>Afirmaciones que no se usan</translation>
        </message>
        <message>
            <source>&amp;Side:</source>
            <translation>La&amp;do:</translation>
        </message>
        <message>
            <source>The patient's side that is outlined. Choose a side if the note contradicts itself, or to outline only this side.</source>
            <translation>El lado del paciente que se contornea. Elija uno si la nota se contradice, o para contornear solo ese lado.</translation>
        </message>
        <message>
            <source>Side</source>
            <translation>Lado</translation>
        </message>
        <message>
            <source>As the note says</source>
            <translation>Como dice la nota</translation>
        </message>
        <message>
            <source>Patient's right</source>
            <translation>Derecha del paciente</translation>
        </message>
        <message>
            <source>Patient's left</source>
            <translation>Izquierda del paciente</translation>
        </message>
        <message>
            <source>Both</source>
            <translation>Ambos</translation>
        </message>
        <message>
            <source>Outline what the note describes ({keys}).</source>
            <translation>Contornea lo que describe la nota ({keys}).</translation>
        </message>
        <message>
            <source>Apply</source>
            <translation>Aplicar</translation>
        </message>
        <message>
            <source>How much of the run is done, by phase.</source>
            <translation>Qué parte está hecha, por fases.</translation>
        </message>
        <message>
            <source>Progress</source>
            <translation>Progreso</translation>
        </message>
        <message>
            <source>Cancel the run; nothing is changed.</source>
            <translation>Cancela; no se cambia nada.</translation>
        </message>
        <message>
            <source>Cancel the run</source>
            <translation>Cancelar la ejecución</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Cancelar</translation>
        </message>
        <message>
            <source>An error.</source>
            <translation>Un error.</translation>
        </message>
        <message>
            <source>Error</source>
            <translation>Error</translation>
        </message>
        <message>
            <source>What is being done, and for how long.</source>
            <translation>Lo que se está haciendo y desde hace cuánto.</translation>
        </message>
        <message>
            <source>Status</source>
            <translation>Estado</translation>
        </message>
        <message>
            <source>The outlined findings.</source>
            <translation>Los hallazgos contorneados.</translation>
        </message>
        <message>
            <source>Result</source>
            <translation>Resultado</translation>
        </message>
        <message>
            <source>The outlined findings: area in the plane of the detector if the radiograph is calibrated. Below them, where outline and note disagree.</source>
            <translation>Los hallazgos contorneados: área en el plano del detector si la radiografía está calibrada. Debajo, dónde discrepan el contorno y la nota.</translation>
        </message>
        <message>
            <source>Areas outside the places of the note. They are thin yellow lines in the views, and belong to no segment until you add them.</source>
            <translation>Áreas fuera de los lugares de la nota. En las vistas son líneas amarillas finas, y no pertenecen a ningún segmento hasta que usted las añada.</translation>
        </message>
        <message>
            <source>Areas that are not in the note</source>
            <translation>Áreas que no están en la nota</translation>
        </message>
        <message>
            <source>&amp;Threshold:</source>
            <translation>&amp;Umbral:</translation>
        </message>
        <message>
            <source>Minimum probability of an outlined pixel. Corrected segments keep their shape.</source>
            <translation>Probabilidad mínima de un píxel contorneado. Los segmentos corregidos conservan su forma.</translation>
        </message>
        <message>
            <source>Threshold</source>
            <translation>Umbral</translation>
        </message>
        <message>
            <source>Outlines:</source>
            <translation>Contornos:</translation>
        </message>
        <message>
            <source>Show or hide the outlines, to look at the finding under them ({keys}; in a view, the key G).</source>
            <translation>Muestra u oculta los contornos, para ver el hallazgo que hay debajo ({keys}; en una vista, la tecla G).</translation>
        </message>
        <message>
            <source>Show the outlines</source>
            <translation>Mostrar los contornos</translation>
        </message>
        <message>
            <source>Sho&amp;w</source>
            <translation>&amp;Mostrar</translation>
        </message>
        <message>
            <source>Opacity of the inside of the outlines.</source>
            <translation>Opacidad del interior de los contornos.</translation>
        </message>
        <message>
            <source>Opacity of the inside of the outlines</source>
            <translation>Opacidad del interior de los contornos</translation>
        </message>
        <message>
            <source>Overlay:</source>
            <translation>Superposición:</translation>
        </message>
        <message>
            <source>Show the probability that the network gives each pixel, from dark red (low) to yellow (high). Below 0.05 nothing is shown.</source>
            <translation>Muestra la probabilidad que la red da a cada píxel, de rojo oscuro (baja) a amarillo (alta). Por debajo de 0,05 no se muestra nada.</translation>
        </message>
        <message>
            <source>Show the probability</source>
            <translation>Mostrar la probabilidad</translation>
        </message>
        <message>
            <source>Pro&amp;bability</source>
            <translation>Pro&amp;babilidad</translation>
        </message>
        <message>
            <source>Opacity of the map over the radiograph.</source>
            <translation>Opacidad del mapa sobre la radiografía.</translation>
        </message>
        <message>
            <source>Opacity of the map</source>
            <translation>Opacidad del mapa</translation>
        </message>
        <message>
            <source>Compare:</source>
            <translation>Comparar:</translation>
        </message>
        <message>
            <source>Keep this result. The next note is outlined as a second segmentation, shown side by side.</source>
            <translation>Conserva este resultado. La nota siguiente se contornea como segunda segmentación y se muestra al lado.</translation>
        </message>
        <message>
            <source>Keep the result for comparison with another note</source>
            <translation>Conservar el resultado para compararlo con otra nota</translation>
        </message>
        <message>
            <source>&amp;Keep this result</source>
            <translation>&amp;Conservar este resultado</translation>
        </message>
        <message>
            <source>Correct the outlines by hand, with undo.</source>
            <translation>Corregir los contornos a mano, con deshacer.</translation>
        </message>
        <message>
            <source>Correct</source>
            <translation>Corregir</translation>
        </message>
        <message>
            <source>Slicer's own editor: choose a segment, then an effect, then work in the view. A corrected segment keeps its shape when the threshold is moved.</source>
            <translation>El editor propio de Slicer: elija un segmento, después un efecto, y trabaje en la vista. Un segmento corregido conserva su forma cuando se mueve el umbral.</translation>
        </message>
        <message>
            <source>Segment editor</source>
            <translation>Editor de segmentos</translation>
        </message>
        <message>
            <source>Continue in Slicer's Segment Editor module with the same segmentation, with all effects and their keys.</source>
            <translation>Continúa con la misma segmentación en el módulo Segment Editor de Slicer, con todos los efectos y sus teclas.</translation>
        </message>
        <message>
            <source>Open in Segment Editor</source>
            <translation>Abrir en Segment Editor</translation>
        </message>
        <message>
            <source>Write the segments as they are now.</source>
            <translation>Escribe los segmentos como están ahora.</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>Exportar</translation>
        </message>
        <message>
            <source>The format, and where it is written.</source>
            <translation>El formato y dónde se escribe.</translation>
        </message>
        <message>
            <source>Format of the export</source>
            <translation>Formato de la exportación</translation>
        </message>
        <message>
            <source>DICOM-SEG file</source>
            <translation>Archivo DICOM-SEG</translation>
        </message>
        <message>
            <source>DICOM-SEG into Slicer's database</source>
            <translation>DICOM-SEG en la base de datos de Slicer</translation>
        </message>
        <message>
            <source>Segmentation file (.seg.nrrd)</source>
            <translation>Archivo de segmentación (.seg.nrrd)</translation>
        </message>
        <message>
            <source>Picture (.png)</source>
            <translation>Imagen (.png)</translation>
        </message>
        <message>
            <source>Export...</source>
            <translation>Exportar...</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Ajustes</translation>
        </message>
        <message>
            <source>Device, weights, maps of the network, log and installation.</source>
            <translation>Dispositivo, pesos, mapas de la red, registro e instalación.</translation>
        </message>
        <message>
            <source>Device, checkpoint, and how left and right are meant.</source>
            <translation>Dispositivo, pesos y cómo se entienden izquierda y derecha.</translation>
        </message>
        <message>
            <source>Advanced</source>
            <translation>Avanzado</translation>
        </message>
        <message>
            <source>&amp;Run on:</source>
            <translation>E&amp;jecutar en:</translation>
        </message>
        <message>
            <source>Where the network runs. A server gets only the pixels of the radiograph and the note, and deletes them after the run.</source>
            <translation>Dónde se ejecuta la red. Un servidor recibe solo los píxeles de la radiografía y la nota, y los borra después.</translation>
        </message>
        <message>
            <source>Where the network runs</source>
            <translation>Dónde se ejecuta la red</translation>
        </message>
        <message>
            <source>This computer</source>
            <translation>Este equipo</translation>
        </message>
        <message>
            <source>Server</source>
            <translation>Un servidor</translation>
        </message>
        <message>
            <source>Address:</source>
            <translation>Dirección:</translation>
        </message>
        <message>
            <source>The address of the server, as its administrator gives it.</source>
            <translation>La dirección del servidor, como la da su administrador.</translation>
        </message>
        <message>
            <source>Address of the server</source>
            <translation>Dirección del servidor</translation>
        </message>
        <message>
            <source>Key:</source>
            <translation>Clave:</translation>
        </message>
        <message>
            <source>Your key for the server. It is kept in Slicer's settings on this computer, never in a scene.</source>
            <translation>Su clave para el servidor. Se guarda en los ajustes de Slicer en este equipo, nunca en una escena.</translation>
        </message>
        <message>
            <source>Key for the server</source>
            <translation>Clave para el servidor</translation>
        </message>
        <message>
            <source>Ask the server what it is, without sending a radiograph.</source>
            <translation>Pregunta al servidor qué es, sin enviar ninguna radiografía.</translation>
        </message>
        <message>
            <source>Test the connection</source>
            <translation>Probar la conexión</translation>
        </message>
        <message>
            <source>Test connection</source>
            <translation>Probar conexión</translation>
        </message>
        <message>
            <source>&amp;Device:</source>
            <translation>Dis&amp;positivo:</translation>
        </message>
        <message>
            <source>Where the network runs. If the graphics card has too little memory, the run continues on the processor and says so.</source>
            <translation>Dónde se ejecuta la red. Si la tarjeta gráfica tiene poca memoria, continúa en el procesador y lo dice.</translation>
        </message>
        <message>
            <source>Device</source>
            <translation>Dispositivo</translation>
        </message>
        <message>
            <source>Automatic</source>
            <translation>Automático</translation>
        </message>
        <message>
            <source>Processor (CPU)</source>
            <translation>Procesador (CPU)</translation>
        </message>
        <message>
            <source>Graphics card (CUDA)</source>
            <translation>Tarjeta gráfica (CUDA)</translation>
        </message>
        <message>
            <source>Check&amp;point:</source>
            <translation>Chec&amp;kpoint:</translation>
        </message>
        <message>
            <source>The weights of the network.</source>
            <translation>Los pesos de la red.</translation>
        </message>
        <message>
            <source>Checkpoint</source>
            <translation>Checkpoint</translation>
        </message>
        <message>
            <source>Note &amp;means:</source>
            <translation>La nota se &amp;refiere a:</translation>
        </message>
        <message>
            <source>Whose left and right the note means. Reports mean the patient's.</source>
            <translation>A quién se refieren la izquierda y la derecha de la nota. En los informes, al paciente.</translation>
        </message>
        <message>
            <source>Whose left and right the note means</source>
            <translation>A quién se refieren la izquierda y la derecha de la nota</translation>
        </message>
        <message>
            <source>the patient's left and right</source>
            <translation>la izquierda y la derecha del paciente</translation>
        </message>
        <message>
            <source>the viewer's left and right</source>
            <translation>la izquierda y la derecha del observador</translation>
        </message>
        <message>
            <source>Radiograph &amp;is:</source>
            <translation>La radio&amp;grafía está:</translation>
        </message>
        <message>
            <source>Whether the radiograph shows the patient's right on the viewer's right. If its header says so, Apply asks first.</source>
            <translation>Si la radiografía muestra la derecha del paciente a la derecha del observador. Si su cabecera lo dice, Aplicar pregunta antes.</translation>
        </message>
        <message>
            <source>Orientation of the radiograph</source>
            <translation>Orientación de la radiografía</translation>
        </message>
        <message>
            <source>as its header says</source>
            <translation>como dice su cabecera</translation>
        </message>
        <message>
            <source>not mirrored</source>
            <translation>sin reflejar</translation>
        </message>
        <message>
            <source>mirrored</source>
            <translation>reflejada</translation>
        </message>
        <message>
            <source>Network m&amp;ap:</source>
            <translation>M&amp;apa de la red:</translation>
        </message>
        <message>
            <source>A look inside the network: weights that it gives to the places of the radiograph, shown over their own range. They often lie close together, and do not show where the finding is.</source>
            <translation>Una mirada al interior de la red: los pesos que da a los lugares de la radiografía, mostrados en su propio rango. A menudo están muy juntos, y no muestran dónde está el hallazgo.</translation>
        </message>
        <message>
            <source>Map of the network over the radiograph</source>
            <translation>Mapa de la red sobre la radiografía</translation>
        </message>
        <message>
            <source>Messages of the worker.</source>
            <translation>Mensajes del proceso de cálculo.</translation>
        </message>
        <message>
            <source>Log</source>
            <translation>Registro</translation>
        </message>
        <message>
            <source>Messages of the worker, without notes and patient data.</source>
            <translation>Mensajes del proceso de cálculo, sin notas ni datos de pacientes.</translation>
        </message>
        <message>
            <source>The Python packages that the network needs.</source>
            <translation>Los paquetes de Python que necesita la red.</translation>
        </message>
        <message>
            <source>Installation</source>
            <translation>Instalación</translation>
        </message>
        <message>
            <source>Whether the Python packages of the network are installed.</source>
            <translation>Si los paquetes de Python de la red están instalados.</translation>
        </message>
        <message>
            <source>Also install PyTorch, with which the network runs on a graphics card. It takes some gigabytes.</source>
            <translation>Instala también PyTorch, con el que la red se ejecuta en una tarjeta gráfica. Ocupa algunos gigabytes.</translation>
        </message>
        <message>
            <source>For a graphics card</source>
            <translation>Para una tarjeta gráfica</translation>
        </message>
        <message>
            <source>For a graphics card (PyTorch)</source>
            <translation>Para una tarjeta gráfica (PyTorch)</translation>
        </message>
        <message>
            <source>Ask, then download and install the Python packages of the network into Slicer.</source>
            <translation>Pregunta y después descarga e instala en Slicer los paquetes de Python de la red.</translation>
        </message>
        <message>
            <source>Install</source>
            <translation>Instalar</translation>
        </message>
        <message>
            <source>Install from a folder of wheels, on a machine without internet.</source>
            <translation>Instala desde una carpeta de wheels, en un equipo sin internet.</translation>
        </message>
        <message>
            <source>Install from a folder of wheels</source>
            <translation>Instalar desde una carpeta de wheels</translation>
        </message>
        <message>
            <source>From folder...</source>
            <translation>De carpeta...</translation>
        </message>
        <message>
            <source>Remove every Python package that this module installed.</source>
            <translation>Elimina todos los paquetes de Python que instaló este módulo.</translation>
        </message>
        <message>
            <source>Remove everything that was downloaded</source>
            <translation>Eliminar todo lo descargado</translation>
        </message>
        <message>
            <source>Remove...</source>
            <translation>Eliminar...</translation>
        </message>
        <message>
            <source>CausalCLIPSeg</source>
            <translation>CausalCLIPSeg</translation>
        </message>
        <message>
            <source>The network is CausalCLIPSeg (Chen et al., MICCAI 2024). Weights were trained on QaTa-COV19.</source>
            <translation>La red es CausalCLIPSeg (Chen et al., MICCAI 2024). Los pesos se entrenaron con QaTa-COV19.</translation>
        </message>
        <message>
            <source>Load a chest radiograph, and paste its note. The module outlines the findings that the note describes, and you correct the outlines by hand. For research, not for diagnosis.</source>
            <translation>Cargue una radiografía de tórax y pegue su nota. El módulo contornea los hallazgos que describe la nota, y usted corrige los contornos a mano. Para investigación, no para el diagnóstico.</translation>
        </message>
        <message>
            <source>Manual</source>
            <translation>Manual</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.export</name>
        <message>
            <source>The segmentation is in the DICOM database, in the study of its radiograph.</source>
            <translation>La segmentación está en la base de datos DICOM, en el estudio de su radiografía.</translation>
        </message>
        <message>
            <source>The changed segmentation is in the DICOM database, in the series of the earlier one.</source>
            <translation>La segmentación modificada está en la base de datos DICOM, en la serie de la anterior.</translation>
        </message>
        <message>
            <source>Exporting</source>
            <translation>Exportando</translation>
        </message>
        <message>
            <source>Written: {path}</source>
            <translation>Escrito: {path}</translation>
        </message>
        <message>
            <source>There is no DICOM database yet; open the module DICOM once.</source>
            <translation>Todavía no hay base de datos DICOM; abra una vez el módulo DICOM.</translation>
        </message>
        <message>
            <source>The file cannot be written: {reason}.</source>
            <translation>No se puede escribir el archivo: {reason}.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.installation</name>
        <message>
            <source>The weights of this module were trained on QaTa-COV19, whose terms are not settled. They are for non-commercial research, not for diagnosis.</source>
            <translation>Los pesos de este módulo se entrenaron con QaTa-COV19, cuyas condiciones no están aclaradas. Son para investigación no comercial, no para el diagnóstico.</translation>
        </message>
        <message>
            <source>All of it can be removed again under Settings.</source>
            <translation>Todo ello se puede eliminar de nuevo en Ajustes.</translation>
        </message>
        <message>
            <source>Do you accept this?</source>
            <translation>¿Lo acepta?</translation>
        </message>
        <message>
            <source>The terms of the weights were not accepted.</source>
            <translation>No se aceptaron las condiciones de los pesos.</translation>
        </message>
        <message>
            <source>The Python packages of the network are now installed into Slicer, with PyTorch by the PyTorch extension. This takes some gigabytes.</source>
            <translation>Los paquetes de Python de la red se instalan ahora en Slicer, PyTorch mediante la extensión PyTorch. Ocupan algunos gigabytes.</translation>
        </message>
        <message>
            <source>The Python packages of the network, about 300 MB, are now installed into Slicer.</source>
            <translation>Los paquetes de Python de la red, unos 300 MB, se instalan ahora en Slicer.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.logic</name>
        <message>
            <source>The note is longer than {limit:,} characters; give the part that describes the lungs.</source>
            <translation>La nota tiene más de {limit:,} caracteres; dé la parte que describe los pulmones.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.result</name>
        <message>
            <source>The radiograph was removed, so its result was dropped.</source>
            <translation>Se eliminó la radiografía, así que se descartó su resultado.</translation>
        </message>
        <message>
            <source>Findings</source>
            <translation>Hallazgos</translation>
        </message>
        <message>
            <source>Not in the note</source>
            <translation>No está en la nota</translation>
        </message>
        <message>
            <source>Done in {seconds:.1f} s by {checkpoint} on {device} ({engine}).</source>
            <translation>Listo en {seconds:.1f} s con {checkpoint} en {device} ({engine}).</translation>
        </message>
        <message>
            <source>Added: {name}.</source>
            <translation>Añadido: {name}.</translation>
        </message>
        <message>
            <source>Nothing reaches the threshold; a lower threshold may outline more.</source>
            <translation>Nada alcanza el umbral; con uno más bajo quizá se contornee más.</translation>
        </message>
        <message>
            <source>The earlier result was corrected by hand, so it stays in the scene.</source>
            <translation>El resultado anterior se corrigió a mano, así que permanece en la escena.</translation>
        </message>
        <message>
            <source>Corrected, so left as they are: {names}.</source>
            <translation>Corregidos, así que quedan como están: {names}.</translation>
        </message>
        <message>
            <source>Outlined again at a threshold of {threshold:.2f}.</source>
            <translation>Contorneado de nuevo con un umbral de {threshold:.2f}.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.run</name>
        <message>
            <source>Waiting for the worker</source>
            <translation>Esperando al proceso de cálculo</translation>
        </message>
        <message>
            <source>Canceled; nothing was changed.</source>
            <translation>Cancelado; no se cambió nada.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.sample</name>
        <message>
            <source>This radiograph shows masses. The network was trained on infections (QaTa-COV19), never on masses: it outlines what is opaque, so its outlines are too large here. Look at the probability, too.</source>
            <translation>Esta radiografía muestra masas. La red se entrenó con infecciones (QaTa-COV19), nunca con masas: contornea lo que es opaco, así que sus contornos son aquí demasiado grandes. Mire también la probabilidad.</translation>
        </message>
        <message>
            <source>The sample comes with the installation; see Settings of CausalCLIPSeg.</source>
            <translation>El ejemplo viene con la instalación; vea Ajustes de CausalCLIPSeg.</translation>
        </message>
        <message>
            <source>Sample radiograph</source>
            <translation>Radiografía de ejemplo</translation>
        </message>
        <message>
            <source>The sample cannot be loaded.</source>
            <translation>No se puede cargar el ejemplo.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.server</name>
        <message>
            <source>Asking the server...</source>
            <translation>Preguntando al servidor...</translation>
        </message>
        <message>
            <source>The pixels of the radiograph and the text of the note are sent to {address}. Its header, with the name of the patient, stays on this computer. The server deletes both after the run. Do you agree?</source>
            <translation>Los píxeles de la radiografía y el texto de la nota se envían a {address}. Su cabecera, con el nombre del paciente, se queda en este equipo. El servidor borra ambos después de la ejecución. ¿Está de acuerdo?</translation>
        </message>
        <message>
            <source>Connected: version {version}, checkpoint {checkpoint}.</source>
            <translation>Conectado: versión {version}, checkpoint {checkpoint}.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.session</name>
        <message>
            <source>Say under Settings whether the radiograph is mirrored, then press Apply again.</source>
            <translation>Indique en Ajustes si la radiografía está reflejada y pulse Aplicar otra vez.</translation>
        </message>
        <message>
            <source>Choose the side below the note, then press Apply again.</source>
            <translation>Elija el lado debajo de la nota y pulse Aplicar otra vez.</translation>
        </message>
        <message>
            <source>Press Apply to start it again.</source>
            <translation>Pulse Aplicar para iniciarlo de nuevo.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.slicer_pip</name>
        <message>
            <source>Install the extension PyTorch in the Extensions Manager first.</source>
            <translation>Instale primero la extensión PyTorch en el Extensions Manager.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.view_state</name>
        <message>
            <source>Everything that the network needs is installed.</source>
            <translation>Todo lo que necesita la red está instalado.</translation>
        </message>
        <message>
            <source>Select a radiograph first.</source>
            <translation>Elija primero una radiografía.</translation>
        </message>
        <message>
            <source>The maps are not kept in a saved scene. Press Apply to get them again.</source>
            <translation>Los mapas no se guardan con la escena. Pulse Aplicar para obtenerlos de nuevo.</translation>
        </message>
        <message>
            <source>Not during a run.</source>
            <translation>No durante una ejecución.</translation>
        </message>
        <message>
            <source>Install the packages of the network first, under Settings.</source>
            <translation>Instale primero los paquetes de la red, en Ajustes.</translation>
        </message>
        <message>
            <source>Not during an export.</source>
            <translation>No durante una exportación.</translation>
        </message>
        <message>
            <source>The selected volume is not a radiograph: it has several slices, or is a map of a result.</source>
            <translation>El volumen elegido no es una radiografía: tiene varios cortes, o es el mapa de un resultado.</translation>
        </message>
        <message>
            <source>Enter the address of the server first, under Settings.</source>
            <translation>Introduzca primero la dirección del servidor, en Ajustes.</translation>
        </message>
        <message>
            <source>The output segmentation belongs to another radiograph. Choose another one.</source>
            <translation>La segmentación de salida pertenece a otra radiografía. Elija otra.</translation>
        </message>
        <message>
            <source>Write or paste a note first.</source>
            <translation>Escriba o pegue primero una nota.</translation>
        </message>
        <message>
            <source>The note contradicts itself. Choose a side first.</source>
            <translation>La nota se contradice. Elija primero un lado.</translation>
        </message>
        <message>
            <source>The note names nothing that can be outlined.</source>
            <translation>La nota no nombra nada que se pueda contornear.</translation>
        </message>
        <message>
            <source>Force stop</source>
            <translation>Forzar la parada</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Cancelar</translation>
        </message>
        <message>
            <source>The note is being read; then the run begins.</source>
            <translation>Se está leyendo la nota; después empieza la ejecución.</translation>
        </message>
        <message>
            <source>Patient's right</source>
            <translation>Derecha del paciente</translation>
        </message>
        <message>
            <source>Patient's left</source>
            <translation>Izquierda del paciente</translation>
        </message>
        <message>
            <source>right in the picture</source>
            <translation>a la derecha en la imagen</translation>
        </message>
        <message>
            <source>left in the picture</source>
            <translation>a la izquierda en la imagen</translation>
        </message>
        <message>
            <source>Notes are read when the packages are installed.</source>
            <translation>Las notas se leen cuando los paquetes están instalados.</translation>
        </message>
        <message>
            <source>Nothing written yet.</source>
            <translation>Todavía no hay nada escrito.</translation>
        </message>
        <message>
            <source>1 statement not used</source>
            <translation>1 afirmación no usada</translation>
        </message>
        <message>
            <source>No result yet.</source>
            <translation>Todavía no hay resultado.</translation>
        </message>
        <message>
            <source>The radiograph of this result was removed from the scene.</source>
            <translation>La radiografía de este resultado se eliminó de la escena.</translation>
        </message>
        <message>
            <source>not calibrated</source>
            <translation>sin calibrar</translation>
        </message>
        <message>
            <source>The sample comes with the installation, which is not complete yet.</source>
            <translation>El ejemplo viene con la instalación, que todavía no está completa.</translation>
        </message>
        <message>
            <source>No note was run in this scene yet.</source>
            <translation>Todavía no se usó ninguna nota en esta escena.</translation>
        </message>
        <message>
            <source>While results are compared, each has a segmentation of its own.</source>
            <translation>Mientras se comparan resultados, cada uno tiene su propia segmentación.</translation>
        </message>
        <message>
            <source>Everything is installed.</source>
            <translation>Todo está instalado.</translation>
        </message>
        <message>
            <source>This module has installed nothing.</source>
            <translation>Este módulo no instaló nada.</translation>
        </message>
        <message>
            <source>There is no result yet.</source>
            <translation>Todavía no hay ningún resultado.</translation>
        </message>
        <message>
            <source>The probability map was removed from the scene. Run again.</source>
            <translation>El mapa de probabilidad se eliminó de la escena. Pulse Aplicar otra vez.</translation>
        </message>
        <message>
            <source>The radiograph has no DICOM header, so no DICOM-SEG can be made of it.</source>
            <translation>La radiografía no tiene cabecera DICOM, así que no puede haber un DICOM-SEG de ella.</translation>
        </message>
        <message>
            <source>The note is being read.</source>
            <translation>Se está leyendo la nota.</translation>
        </message>
        <message>
            <source>The note cannot be read.</source>
            <translation>No se puede leer la nota.</translation>
        </message>
        <message>
            <source>Canceling; the current phase is finished first.</source>
            <translation>Cancelando; antes termina la fase actual.</translation>
        </message>
        <message>
            <source>Unknown: the worker is not running.</source>
            <translation>Desconocido: el proceso de cálculo no está en marcha.</translation>
        </message>
        <message>
            <source>Reading the note...</source>
            <translation>Leyendo la nota...</translation>
        </message>
        <message>
            <source>Unknown: the note cannot be read.</source>
            <translation>Desconocido: no se puede leer la nota.</translation>
        </message>
        <message>
            <source>whole lung</source>
            <translation>todo el pulmón</translation>
        </message>
        <message>
            <source>Many words of the note are not understood.</source>
            <translation>Muchas palabras de la nota no se entienden.</translation>
        </message>
        <message>
            <source>Nothing is outlined.</source>
            <translation>No hay nada contorneado.</translation>
        </message>
        <message>
            <source>The network needs {count} Python packages, about 300 MB.</source>
            <translation>La red necesita {count} paquetes de Python, unos 300 MB.</translation>
        </message>
        <message>
            <source>Not installed yet: {names}.</source>
            <translation>Todavía sin instalar: {names}.</translation>
        </message>
        <message>
            <source>For a GPU: {names}, some gigabytes.</source>
            <translation>Para una tarjeta gráfica: {names}, algunos gigabytes.</translation>
        </message>
        <message>
            <source>The server chooses it.</source>
            <translation>Lo elige el servidor.</translation>
        </message>
        <message>
            <source>Enter the address of the server first.</source>
            <translation>Introduzca primero la dirección del servidor.</translation>
        </message>
        <message>
            <source>The network runs on this computer.</source>
            <translation>La red se ejecuta en este equipo.</translation>
        </message>
        <message>
            <source>This scene does not say how the segmentation was made.</source>
            <translation>Esta escena no dice cómo se hizo la segmentación.</translation>
        </message>
        <message>
            <source>{phase} - {seconds:.0f} s</source>
            <translation>{phase} - {seconds:.0f} s</translation>
        </message>
        <message>
            <source>upper zone</source>
            <translation>campo superior</translation>
        </message>
        <message>
            <source>middle zone</source>
            <translation>campo medio</translation>
        </message>
        <message>
            <source>lower zone</source>
            <translation>campo inferior</translation>
        </message>
        <message>
            <source>The note names no side, so both lungs are searched.</source>
            <translation>La nota no nombra ningún lado, así que se buscan ambos pulmones.</translation>
        </message>
        <message>
            <source>{words} ({reason})</source>
            <translation>{words} ({reason})</translation>
        </message>
        <message>
            <source>{count} statements not used</source>
            <translation>{count} afirmaciones no usadas</translation>
        </message>
        <message>
            <source>Compare: {disagreement}</source>
            <translation>Compare: {disagreement}</translation>
        </message>
        <message>
            <source>{area:.1f} cm²</source>
            <translation>{area:.1f} cm²</translation>
        </message>
        <message>
            <source>added by hand</source>
            <translation>añadido a mano</translation>
        </message>
        <message>
            <source>corrected</source>
            <translation>corregido</translation>
        </message>
        <message>
            <source>Nothing to outline.</source>
            <translation>Nada que contornear.</translation>
        </message>
        <message>
            <source>{words} (not understood)</source>
            <translation>{words} (no se entiende)</translation>
        </message>
        <message>
            <source>Words that the network heard</source>
            <translation>Palabras que la red oyó</translation>
        </message>
        <message>
            <source>Only in the prompt, with its own left and right: {words}</source>
            <translation>Solo en el prompt, con su propia izquierda y derecha: {words}</translation>
        </message>
        <message>
            <source>Found where the note says: {places}.</source>
            <translation>Encontrado donde dice la nota: {places}.</translation>
        </message>
        <message>
            <source>outlined at a threshold of {threshold:.2f}</source>
            <translation>contorneado con un umbral de {threshold:.2f}</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.widget</name>
        <message>
            <source>Make a segment of this area, which you can correct.</source>
            <translation>Hace de esta área un segmento que usted puede corregir.</translation>
        </message>
        <message>
            <source>Add as segment</source>
            <translation>Añadir como segmento</translation>
        </message>
        <message>
            <source>Read the note from</source>
            <translation>Leer la nota de</translation>
        </message>
        <message>
            <source>Text (*.txt);;All (*)</source>
            <translation>Texto (*.txt);;Todos (*)</translation>
        </message>
        <message>
            <source>Send the radiograph</source>
            <translation>Enviar la radiografía</translation>
        </message>
        <message>
            <source>Export to</source>
            <translation>Exportar a</translation>
        </message>
        <message>
            <source>Terms of the weights</source>
            <translation>Condiciones de los pesos</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Cancelar</translation>
        </message>
        <message>
            <source>Add as segment: {area}</source>
            <translation>Añadir como segmento: {area}</translation>
        </message>
        <message>
            <source>Manual</source>
            <translation>Manual</translation>
        </message>
        <message>
            <source>The clipboard holds no text.</source>
            <translation>El portapapeles no contiene texto.</translation>
        </message>
        <message>
            <source>Folder of wheels</source>
            <translation>Carpeta de wheels</translation>
        </message>
        <message>
            <source>The installation failed.</source>
            <translation>La instalación falló.</translation>
        </message>
        <message>
            <source>Remove these packages from Slicer's Python?</source>
            <translation>¿Eliminar estos paquetes del Python de Slicer?</translation>
        </message>
        <message>
            <source>None</source>
            <translation>Ninguno</translation>
        </message>
        <message>
            <source>Earlier notes</source>
            <translation>Notas anteriores</translation>
        </message>
        <message>
            <source>DICOM (*.dcm)</source>
            <translation>DICOM (*.dcm)</translation>
        </message>
        <message>
            <source>Segmentation (*.seg.nrrd)</source>
            <translation>Segmentación (*.seg.nrrd)</translation>
        </message>
        <message>
            <source>Picture (*.png)</source>
            <translation>Imagen (*.png)</translation>
        </message>
        <message>
            <source>The packages cannot be removed.</source>
            <translation>No se pueden eliminar los paquetes.</translation>
        </message>
        <message>
            <source>Restart Slicer now? Newer versions of these packages were installed, and Slicer still uses the old.</source>
            <translation>¿Reiniciar Slicer ahora? Se instalaron versiones más nuevas de estos paquetes, y Slicer todavía usa las antiguas.</translation>
        </message>
        <message>
            <source>These packages will miss some of them:</source>
            <translation>A estos paquetes les faltarán algunos de ellos:</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.worker_process</name>
        <message>
            <source>The log under Settings says more.</source>
            <translation>El registro en Ajustes dice más.</translation>
        </message>
        <message>
            <source>It does not start; see Settings.</source>
            <translation>No se inicia; vea Ajustes.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegDICOM</name>
        <message>
            <source>The radiograph of this segmentation is not in the DICOM database. Import it first.</source>
            <translation>La radiografía de esta segmentación no está en la base de datos DICOM. Impórtela primero.</translation>
        </message>
        <message>
            <source>Segmentation of a radiograph</source>
            <translation>Segmentación de una radiografía</translation>
        </message>
        <message>
            <source>Outlines on a chest radiograph, placed on it by rows and columns</source>
            <translation>Contornos sobre una radiografía de tórax, colocados en ella por filas y columnas</translation>
        </message>
        <message>
            <source>A DICOM-SEG that refers to the radiograph by rows and columns</source>
            <translation>Un DICOM-SEG que se refiere a la radiografía por filas y columnas</translation>
        </message>
        <message>
            <source>Segmentation of a radiograph (DICOM)</source>
            <translation>Segmentación de una radiografía (DICOM)</translation>
        </message>
        <message>
            <source>Reads and writes DICOM segmentations of chest radiographs. It has no panel.</source>
            <translation>Lee y escribe segmentaciones DICOM de radiografías de tórax. No tiene panel.</translation>
        </message>
        <message>
            <source>DICOM-SEG is written by highdicom.</source>
            <translation>highdicom escribe los DICOM-SEG.</translation>
        </message>
        <message>
            <source>Segmentation</source>
            <translation>Segmentación</translation>
        </message>
        <message>
            <source>The radiograph of this segmentation cannot be loaded.</source>
            <translation>No se puede cargar la radiografía de esta segmentación.</translation>
        </message>
        <message>
            <source>A later segmentation of this series corrects this one.</source>
            <translation>Una segmentación posterior de esta serie corrige esta.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegDICOMModule.exchange</name>
        <message>
            <source>The segmentation does not lie on a radiograph.</source>
            <translation>La segmentación no está sobre una radiografía.</translation>
        </message>
        <message>
            <source>The radiograph did not come from the DICOM database.</source>
            <translation>La radiografía no vino de la base de datos DICOM.</translation>
        </message>
        <message>
            <source>Nothing is outlined.</source>
            <translation>No hay nada contorneado.</translation>
        </message>
        <message>
            <source>The packages of CausalCLIPSeg are not installed.</source>
            <translation>Los paquetes de CausalCLIPSeg no están instalados.</translation>
        </message>
        <message>
            <source>The radiograph was cropped or resampled, so the outlines do not fit it.</source>
            <translation>La radiografía se recortó o se remuestreó, así que los contornos no encajan en ella.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegLib.messages</name>
        <message>
            <source>This computer has too little memory for this at present; close other programs, or take a smaller image or a computer with more memory.</source>
            <translation>Este equipo tiene poca memoria para esto en este momento; cierre otros programas, o use una imagen más pequeña o un equipo con más memoria.</translation>
        </message>
        <message>
            <source>Something unexpected went wrong ({kind}); --verbose tells more.</source>
            <translation>Algo inesperado salió mal ({kind}); --verbose dice más.</translation>
        </message>
        <message>
            <source>Set a radiograph first.</source>
            <translation>Indique primero una radiografía.</translation>
        </message>
        <message>
            <source>The image that was handed over is not a radiograph: it has to be rows x columns of numbers.</source>
            <translation>La imagen entregada no es una radiografía: tiene que ser filas x columnas de números.</translation>
        </message>
        <message>
            <source>The image is upside down or on its side according to its directions; give the program an upright one.</source>
            <translation>Según sus direcciones, la imagen está invertida o de lado; dé una derecha.</translation>
        </message>
        <message>
            <source>The window of the image has no width.</source>
            <translation>La ventana de la imagen no tiene anchura.</translation>
        </message>
        <message>
            <source>The file {file} with pixel values cannot be read.</source>
            <translation>No se puede leer el archivo {file} con los valores de los píxeles.</translation>
        </message>
        <message>
            <source>The DICOM file that the image comes from cannot be read.</source>
            <translation>No se puede leer el archivo DICOM del que viene la imagen.</translation>
        </message>
        <message>
            <source>This DICOM file holds several images; give it one radiograph.</source>
            <translation>Este archivo DICOM contiene varias imágenes; dé una sola radiografía.</translation>
        </message>
        <message>
            <source>This DICOM file holds the raw signal of the detector ("For Processing"); export the processed image ("For Presentation") instead.</source>
            <translation>Este archivo DICOM contiene la señal en bruto del detector ("For Processing"); exporte en su lugar la imagen procesada ("For Presentation").</translation>
        </message>
        <message>
            <source>This DICOM file does not say what it holds, but it has the header of a slice image.</source>
            <translation>Este archivo DICOM no dice qué contiene, pero tiene la cabecera de una imagen de corte.</translation>
        </message>
        <message>
            <source>This DICOM file holds {content}, not a chest radiograph (CR or DX).</source>
            <translation>Este archivo DICOM contiene {content}, no una radiografía de tórax (CR o DX).</translation>
        </message>
        <message>
            <source>The image in this DICOM file is of modality "{modality}", not CR or DX.</source>
            <translation>La imagen de este archivo DICOM es de modalidad "{modality}", no CR ni DX.</translation>
        </message>
        <message>
            <source>This radiograph lies on its side; turn it upright in the viewer and export it again.</source>
            <translation>Esta radiografía está de lado; póngala derecha en el visor y expórtela de nuevo.</translation>
        </message>
        <message>
            <source>This radiograph is upside down; turn it upright in the viewer and export it again.</source>
            <translation>Esta radiografía está al revés; póngala derecha en el visor y expórtela de nuevo.</translation>
        </message>
        <message>
            <source>The header does not say what the image is; check that it is a chest radiograph.</source>
            <translation>La cabecera no dice qué es la imagen; compruebe que es una radiografía de tórax.</translation>
        </message>
        <message>
            <source>The header does not rule out that a name is burned into the image; look before sharing it.</source>
            <translation>La cabecera no descarta que haya un nombre grabado en la imagen; mírela antes de compartirla.</translation>
        </message>
        <message>
            <source>The header says that this is an animal; the program was trained on people.</source>
            <translation>La cabecera dice que es un animal; el programa se entrenó con personas.</translation>
        </message>
        <message>
            <source>The header names a body part other than the chest.</source>
            <translation>La cabecera nombra una parte del cuerpo distinta del tórax.</translation>
        </message>
        <message>
            <source>The header names a frontal and a lateral view; check that this is the frontal one.</source>
            <translation>La cabecera nombra una proyección frontal y una lateral; compruebe que esta es la frontal.</translation>
        </message>
        <message>
            <source>The header says that the pixels are not square, so the picture is squeezed.</source>
            <translation>La cabecera dice que los píxeles no son cuadrados, así que la imagen está deformada.</translation>
        </message>
        <message>
            <source>The header says that this is an oblique view; the program was trained on frontal views.</source>
            <translation>La cabecera dice que es una proyección oblicua; el programa se entrenó con proyecciones frontales.</translation>
        </message>
        <message>
            <source>The header contradicts itself about black and white; check that bone is shown white.</source>
            <translation>La cabecera se contradice sobre el blanco y el negro; compruebe que el hueso se ve blanco.</translation>
        </message>
        <message>
            <source>The header contradicts its pixels about their bits; check that the image looks right.</source>
            <translation>La cabecera contradice a los píxeles sobre sus bits; compruebe que la imagen se ve bien.</translation>
        </message>
        <message>
            <source>The pixels of this DICOM file are damaged or do not fit its header.</source>
            <translation>Los píxeles de este archivo DICOM están dañados o no concuerdan con su cabecera.</translation>
        </message>
        <message>
            <source>The file holds more bytes than its image needs; check that the image is complete.</source>
            <translation>El archivo contiene más bytes de los que necesita su imagen; compruebe que la imagen está completa.</translation>
        </message>
        <message>
            <source>The pixels of this DICOM file are floating-point numbers; a radiograph has integers.</source>
            <translation>Los píxeles de este archivo DICOM son números de coma flotante; una radiografía tiene enteros.</translation>
        </message>
        <message>
            <source>This DICOM file holds no image, or its image was cut off.</source>
            <translation>Este archivo DICOM no contiene imagen, o su imagen se cortó.</translation>
        </message>
        <message>
            <source>This DICOM file holds no image.</source>
            <translation>Este archivo DICOM no contiene imagen.</translation>
        </message>
        <message>
            <source>This DICOM file stores its pixels in a way that the program does not read.</source>
            <translation>Este archivo DICOM guarda sus píxeles de un modo que el programa no lee.</translation>
        </message>
        <message>
            <source>This DICOM file does not say whether small pixel values are black or white.</source>
            <translation>Este archivo DICOM no dice si los valores pequeños son negros o blancos.</translation>
        </message>
        <message>
            <source>The header of this DICOM file contradicts itself about the size or bits of its image.</source>
            <translation>La cabecera de este archivo DICOM se contradice sobre el tamaño o los bits de su imagen.</translation>
        </message>
        <message>
            <source>The pixels of this DICOM file are indices into a palette, but it holds no palette.</source>
            <translation>Los píxeles de este archivo DICOM son índices de una paleta, pero no contiene ninguna.</translation>
        </message>
        <message>
            <source>The display window of the header does not show the image, so the gray levels were stretched instead.</source>
            <translation>La ventana de la cabecera no muestra la imagen, así que se ampliaron los niveles de gris.</translation>
        </message>
        <message>
            <source>The header of this DICOM file is longer than the header of any radiograph.</source>
            <translation>La cabecera de este archivo DICOM es más larga que la de cualquier radiografía.</translation>
        </message>
        <message>
            <source>The header of this DICOM file has more parts than the header of any radiograph.</source>
            <translation>La cabecera de este archivo DICOM tiene más partes que la de cualquier radiografía.</translation>
        </message>
        <message>
            <source>This DICOM file unpacks to more than any radiograph holds; it is probably damaged.</source>
            <translation>Este archivo DICOM se descomprime en más de lo que contiene cualquier radiografía; probablemente está dañado.</translation>
        </message>
        <message>
            <source>This is a folder; choose an image file.</source>
            <translation>Es una carpeta; elija un archivo de imagen.</translation>
        </message>
        <message>
            <source>There is no such file.</source>
            <translation>No existe ese archivo.</translation>
        </message>
        <message>
            <source>The file cannot be opened: you have no permission to read it.</source>
            <translation>No se puede abrir el archivo: usted no tiene permiso para leerlo.</translation>
        </message>
        <message>
            <source>The file cannot be opened: {reason}.</source>
            <translation>No se puede abrir el archivo: {reason}.</translation>
        </message>
        <message>
            <source>The file is empty.</source>
            <translation>El archivo está vacío.</translation>
        </message>
        <message>
            <source>The file is too large for a radiograph.</source>
            <translation>El archivo es demasiado grande para una radiografía.</translation>
        </message>
        <message>
            <source>The image has no contrast: all its pixels are equally bright.</source>
            <translation>La imagen no tiene contraste: todos sus píxeles son igual de claros.</translation>
        </message>
        <message>
            <source>A part of the image is in color, such as text or a watermark; the program works on its gray.</source>
            <translation>Una parte de la imagen está en color, como un texto o una marca de agua; el programa trabaja con su gris.</translation>
        </message>
        <message>
            <source>The image has a tint of color, as from a scanner; the program works on its gray.</source>
            <translation>La imagen tiene un tinte de color, como de un escáner; el programa trabaja con su gris.</translation>
        </message>
        <message>
            <source>The image is in color; a radiograph is gray.</source>
            <translation>La imagen está en color; una radiografía es gris.</translation>
        </message>
        <message>
            <source>The image is too small for a radiograph: {columns} x {rows} pixels, at least {limit} are needed on each side.</source>
            <translation>La imagen es demasiado pequeña para una radiografía: {columns} x {rows} píxeles; se necesitan al menos {limit} en cada lado.</translation>
        </message>
        <message>
            <source>The image claims to have {columns} x {rows} pixels, more than any radiograph has; the file is probably damaged.</source>
            <translation>La imagen dice tener {columns} x {rows} píxeles, más que cualquier radiografía; el archivo probablemente está dañado.</translation>
        </message>
        <message>
            <source>The image has {columns} x {rows} pixels in color or of more than 16 bits; an image of this size is read only in gray of 8 or 16 bits.</source>
            <translation>La imagen tiene {columns} x {rows} píxeles en color o de más de 16 bits; una imagen de este tamaño solo se lee en gris de 8 o 16 bits.</translation>
        </message>
        <message>
            <source>The file states two different orientations; check that the image is upright and not mirrored.</source>
            <translation>El archivo indica dos orientaciones distintas; compruebe que la imagen está derecha y sin reflejar.</translation>
        </message>
        <message>
            <source>The header of this NIfTI file does not say where its pixels are.</source>
            <translation>La cabecera de este archivo NIfTI no dice dónde están sus píxeles.</translation>
        </message>
        <message>
            <source>The header of this NIfTI file contradicts itself about its size.</source>
            <translation>La cabecera de este archivo NIfTI se contradice sobre su tamaño.</translation>
        </message>
        <message>
            <source>The file is incomplete: it ends before the last pixel.</source>
            <translation>El archivo está incompleto: termina antes del último píxel.</translation>
        </message>
        <message>
            <source>This NRRD file stores its values in a way that is not read; save it with gzip or raw.</source>
            <translation>Este archivo NRRD guarda sus valores de un modo que no se lee; guárdelo con gzip o raw.</translation>
        </message>
        <message>
            <source>The file is not an NRRD file.</source>
            <translation>El archivo no es NRRD.</translation>
        </message>
        <message>
            <source>This NRRD file keeps its values in another file; save it as one file.</source>
            <translation>Este archivo NRRD tiene sus valores en otro archivo; guárdelo como un solo archivo.</translation>
        </message>
        <message>
            <source>This NRRD file stores its values in a way that is not read; save it again in one file.</source>
            <translation>Este archivo NRRD guarda sus valores de un modo que no se lee; guárdelo otra vez en un solo archivo.</translation>
        </message>
        <message>
            <source>The header of this NRRD file contradicts itself about its size.</source>
            <translation>La cabecera de este archivo NRRD se contradice sobre su tamaño.</translation>
        </message>
        <message>
            <source>This NRRD file writes its values as text, which is read only for smaller images.</source>
            <translation>Este archivo NRRD escribe sus valores como texto, lo que solo se lee en imágenes más pequeñas.</translation>
        </message>
        <message>
            <source>This NRRD file has values that its type cannot hold.</source>
            <translation>Este archivo NRRD tiene valores que su tipo no admite.</translation>
        </message>
        <message>
            <source>This file holds a segmentation; give it the radiograph that was segmented.</source>
            <translation>Este archivo contiene una segmentación; dé la radiografía que se segmentó.</translation>
        </message>
        <message>
            <source>The file holds complex numbers; a radiograph has levels of gray.</source>
            <translation>El archivo contiene números complejos; una radiografía tiene niveles de gris.</translation>
        </message>
        <message>
            <source>The file does not say which side of the image is the patient's right; check that the image is upright and not mirrored.</source>
            <translation>El archivo no dice qué lado de la imagen es la derecha del paciente; compruebe que la imagen está derecha y sin reflejar.</translation>
        </message>
        <message>
            <source>The file does not say which edge of the image is the head; it was turned upside down, because it looks that way; check this, and that it is not mirrored.</source>
            <translation>El archivo no dice en qué borde de la imagen está la cabeza; se le dio la vuelta, porque así parece; compruébelo, y que no esté reflejada.</translation>
        </message>
        <message>
            <source>The file says that the image lies at an angle; check that it is upright and not mirrored.</source>
            <translation>El archivo dice que la imagen está inclinada; compruebe que está derecha y sin reflejar.</translation>
        </message>
        <message>
            <source>The image looks upside down, although the file says that it is upright; check this.</source>
            <translation>La imagen parece estar al revés, aunque el archivo dice que está derecha; compruébelo.</translation>
        </message>
        <message>
            <source>The file says that this is a lateral view; the program works on frontal chest radiographs.</source>
            <translation>El archivo dice que es una proyección lateral; el programa trabaja con radiografías de tórax frontales.</translation>
        </message>
        <message>
            <source>The image has only a few levels of gray, like a mask or a drawing; check that it is the radiograph.</source>
            <translation>La imagen tiene pocos niveles de gris, como una máscara o un dibujo; compruebe que es la radiografía.</translation>
        </message>
        <message>
            <source>The header of this radiograph says that it is mirrored, with the patient's right on the right of the image.</source>
            <translation>La cabecera de esta radiografía dice que está reflejada, con la derecha del paciente a la derecha de la imagen.</translation>
        </message>
        <message>
            <source>The file holds several images; give it one radiograph.</source>
            <translation>El archivo contiene varias imágenes; dé una sola radiografía.</translation>
        </message>
        <message>
            <source>The image is black and white without any gray; a radiograph has levels of gray.</source>
            <translation>La imagen es en blanco y negro, sin grises; una radiografía tiene niveles de gris.</translation>
        </message>
        <message>
            <source>This BMP image is compressed, which the program does not read; save it as PNG.</source>
            <translation>Esta imagen BMP está comprimida, lo que el programa no lee; guárdela como PNG.</translation>
        </message>
        <message>
            <source>The image has more pixels than any radiograph; it is probably damaged.</source>
            <translation>La imagen tiene más píxeles que cualquier radiografía; probablemente está dañada.</translation>
        </message>
        <message>
            <source>The image is stored in more passes than any radiograph; it is damaged.</source>
            <translation>La imagen está guardada en más pasadas que cualquier radiografía; está dañada.</translation>
        </message>
        <message>
            <source>The file is damaged, incomplete or of a variety that the program does not read.</source>
            <translation>El archivo está dañado, incompleto o es de una variedad que el programa no lee.</translation>
        </message>
        <message>
            <source>The file is {kind}; the program reads {formats} files.</source>
            <translation>El archivo es {kind}; el programa lee archivos {formats}.</translation>
        </message>
        <message>
            <source>The file holds a volume or several images; give it one radiograph.</source>
            <translation>El archivo contiene un volumen o varias imágenes; dé una sola radiografía.</translation>
        </message>
        <message>
            <source>The file holds no image, only a line or a point.</source>
            <translation>El archivo no contiene una imagen, solo una línea o un punto.</translation>
        </message>
        <message>
            <source>The file holds values of a kind that the program does not read.</source>
            <translation>El archivo contiene valores de un tipo que el programa no lee.</translation>
        </message>
        <message>
            <source>The file holds several values for each pixel; a radiograph holds one.</source>
            <translation>El archivo contiene varios valores por píxel; una radiografía contiene uno.</translation>
        </message>
        <message>
            <source>The pixel spacing in the header cannot be that of a chest radiograph, so areas are not in mm².</source>
            <translation>El espaciado de píxeles de la cabecera no puede ser el de una radiografía de tórax, así que las áreas no están en mm².</translation>
        </message>
        <message>
            <source>The file holds further, smaller images; the largest was read. Another program may show another one, where the segmentation would not fit.</source>
            <translation>El archivo contiene otras imágenes más pequeñas; se leyó la mayor. Otro programa puede mostrar otra, en la que la segmentación no encajaría.</translation>
        </message>
        <message>
            <source>This TIFF image stores its pixels in a way that the program does not read.</source>
            <translation>Esta imagen TIFF guarda sus píxeles de un modo que el programa no lee.</translation>
        </message>
        <message>
            <source>This is a lateral view; the program works on frontal chest radiographs.</source>
            <translation>Es una proyección lateral; el programa trabaja con radiografías de tórax frontales.</translation>
        </message>
        <message>
            <source>The note names no finding that can be outlined.</source>
            <translation>La nota no nombra ningún hallazgo que se pueda contornear.</translation>
        </message>
        <message>
            <source>The {kind} {path} is longer than {limit} characters.</source>
            <translation>{kind} {path}: más de {limit} caracteres.</translation>
        </message>
        <message>
            <source>The {kind} {path} is not plain text in {encodings}.</source>
            <translation>{kind} {path}: no es texto plano en {encodings}.</translation>
        </message>
        <message>
            <source>The {kind} {path} is empty.</source>
            <translation>{kind} {path}: vacío.</translation>
        </message>
        <message>
            <source>The {kind} {path} cannot be read: {reason}.</source>
            <translation>{kind} {path}: no se puede leer: {reason}.</translation>
        </message>
        <message>
            <source>The language of the note is not recognized; notes can be in {languages}.</source>
            <translation>No se reconoce el idioma de la nota; las notas pueden estar en {languages}.</translation>
        </message>
        <message>
            <source>The note is in {script} letters; notes can be in {languages}.</source>
            <translation>La nota está en esta escritura: {script}; las notas pueden estar en {languages}.</translation>
        </message>
        <message>
            <source>The note seems to be {name}; notes can be in {languages}.</source>
            <translation>La nota parece estar en {name}; las notas pueden estar en {languages}.</translation>
        </message>
        <message>
            <source>There is no lexicon of the language '{language}', only of {known}.</source>
            <translation>No hay léxico del idioma '{language}', solo de {known}.</translation>
        </message>
        <message>
            <source>The note is {name} without a report; give the text of the report.</source>
            <translation>La nota es {name} sin informe; dé el texto del informe.</translation>
        </message>
        <message>
            <source>The note is a JSON document; give the text of the report.</source>
            <translation>La nota es un documento JSON; dé el texto del informe.</translation>
        </message>
        <message>
            <source>The note is longer than {limit} characters; give the part that describes the lungs.</source>
            <translation>La nota tiene más de {limit} caracteres; dé la parte que describe los pulmones.</translation>
        </message>
        <message>
            <source>The note is empty.</source>
            <translation>La nota está vacía.</translation>
        </message>
        <message>
            <source>Many words of the note are not understood; the outline is less sure.</source>
            <translation>Muchas palabras de la nota no se entienden; el contorno es menos seguro.</translation>
        </message>
        <message>
            <source>The note names no side, so both lungs were searched; the outline is less sure.</source>
            <translation>La nota no nombra ningún lado, así que se buscaron ambos pulmones; el contorno es menos seguro.</translation>
        </message>
        <message>
            <source>The note does not name the patient's {side} lung, which was chosen.</source>
            <translation>La nota no nombra el lado del paciente que se eligió: {side}.</translation>
        </message>
        <message>
            <source>The findings name the patient's {described} lung ({finding}), but the conclusion names the {concluded} lung ({conclusion}): which side is meant?</source>
            <translation>Los hallazgos nombran para el paciente {described} ({finding}), pero la conclusión {concluded} ({conclusion}): ¿qué lado se quiere decir?</translation>
        </message>
        <message>
            <source>There is no checkpoint “{checkpoint}”; available: {known}.</source>
            <translation>No hay ningún checkpoint «{checkpoint}»; disponibles: {known}.</translation>
        </message>
        <message>
            <source>The checkpoint “{checkpoint}” has no {file}, which describes it, so it is not used.</source>
            <translation>El checkpoint «{checkpoint}» no tiene {file}, que lo describe, así que no se usa.</translation>
        </message>
        <message>
            <source>The card of the checkpoint “{checkpoint}” is damaged or incomplete.</source>
            <translation>La ficha del checkpoint «{checkpoint}» está dañada o incompleta.</translation>
        </message>
        <message>
            <source>The checkpoint “{checkpoint}” lacks its {kind} ({name}).</source>
            <translation>Al checkpoint «{checkpoint}» le falta: {kind} ({name}).</translation>
        </message>
        <message>
            <source>The {kind} of the checkpoint “{checkpoint}” are larger than any ({name}).</source>
            <translation>Checkpoint «{checkpoint}»: {kind} más grandes que los de cualquiera ({name}).</translation>
        </message>
        <message>
            <source>The {kind} of the checkpoint “{checkpoint}” do not match its card; the file {name} may be damaged.</source>
            <translation>Checkpoint «{checkpoint}»: {kind} no concuerdan con su ficha; el archivo {name} puede estar dañado.</translation>
        </message>
        <message>
            <source>The weights of the checkpoint “{checkpoint}” are damaged: they are incomplete or hold values that are no numbers.</source>
            <translation>Los pesos del checkpoint «{checkpoint}» están dañados: están incompletos o contienen valores que no son números.</translation>
        </message>
        <message>
            <source>ONNX Runtime runs on the CPU; choose the engine “torch” or “auto” for a GPU.</source>
            <translation>ONNX Runtime se ejecuta en el procesador; elija el motor «torch» o «auto» para una tarjeta gráfica.</translation>
        </message>
        <message>
            <source>The graph {name} of the checkpoint “{checkpoint}” cannot be loaded.</source>
            <translation>No se puede cargar el grafo {name} del checkpoint «{checkpoint}».</translation>
        </message>
        <message>
            <source>The weights of the checkpoint “{checkpoint}” do not fit its network.</source>
            <translation>Los pesos del checkpoint «{checkpoint}» no encajan en su red.</translation>
        </message>
        <message>
            <source>The GPU has too little free memory; running on the CPU instead.</source>
            <translation>La tarjeta gráfica tiene poca memoria libre; se ejecuta en el procesador.</translation>
        </message>
        <message>
            <source>Checkpoints do not know the word “{word}”; prompts are made of: {words}.</source>
            <translation>Los checkpoints no conocen la palabra «{word}»; los prompts se hacen de: {words}.</translation>
        </message>
        <message>
            <source>The checkpoint does not know all words of the prompt “{prompt}”.</source>
            <translation>El checkpoint no conoce todas las palabras del prompt «{prompt}».</translation>
        </message>
        <message>
            <source>The network of the checkpoint “{checkpoint}” returns values that are no probabilities, so nothing can be outlined with it.</source>
            <translation>La red del checkpoint «{checkpoint}» devuelve valores que no son probabilidades, así que no se puede contornear nada con él.</translation>
        </message>
        <message>
            <source>PyTorch is not installed; choose the engine “onnx” or “auto”, or install causalclipseg[torch].</source>
            <translation>PyTorch no está instalado; elija el motor «onnx» o «auto», o instale causalclipseg[torch].</translation>
        </message>
        <message>
            <source>No CUDA GPU can be used here; choose the device “cpu” or “auto”.</source>
            <translation>Aquí no se puede usar ninguna tarjeta gráfica CUDA; elija el dispositivo «cpu» o «auto».</translation>
        </message>
        <message>
            <source>No CUDA GPU can be used here; choose the device “cpu” or “auto” (for a GPU, install causalclipseg[torch]).</source>
            <translation>Aquí no se puede usar ninguna tarjeta gráfica CUDA; elija el dispositivo «cpu» o «auto» (para una tarjeta gráfica, instale causalclipseg[torch]).</translation>
        </message>
        <message>
            <source>The checkpoint “{checkpoint}” has no graphs for ONNX Runtime; to use it, install causalclipseg[torch].</source>
            <translation>El checkpoint «{checkpoint}» no tiene grafos para ONNX Runtime; para usarlo, instale causalclipseg[torch].</translation>
        </message>
        <message>
            <source>{folder} already holds the result of an earlier run: {files}.</source>
            <translation>{folder} ya contiene el resultado de una ejecución anterior: {files}.</translation>
        </message>
        <message>
            <source>{path} exists already; --force replaces it.</source>
            <translation>{path} ya existe; --force lo sustituye.</translation>
        </message>
        <message>
            <source>The result cannot be written to {target}: {file} is a file, not a folder.</source>
            <translation>No se puede escribir el resultado en {target}: {file} es un archivo, no una carpeta.</translation>
        </message>
        <message>
            <source>The result cannot be written to {target}: it is a file, not a folder.</source>
            <translation>No se puede escribir el resultado en {target}: es un archivo, no una carpeta.</translation>
        </message>
        <message>
            <source>{path} is a folder; give the name of a file.</source>
            <translation>{path} es una carpeta; dé el nombre de un archivo.</translation>
        </message>
        <message>
            <source>The result cannot be written to {target}: {reason}.</source>
            <translation>No se puede escribir el resultado en {target}: {reason}.</translation>
        </message>
        <message>
            <source>Another run is writing {target}; wait until it has ended, or choose another.</source>
            <translation>Otra ejecución está escribiendo {target}; espere a que termine o elija otro.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {reason}.</source>
            <translation>No se puede escribir {path}: {reason}.</translation>
        </message>
        <message>
            <source>{percent} % of the outline lies in a lung that the note does not name.</source>
            <translation>El {percent} % del contorno está en un pulmón que la nota no nombra.</translation>
        </message>
        <message>
            <source>{path} is empty.</source>
            <translation>{path} está vacío.</translation>
        </message>
        <message>
            <source>{path} is too large for a {kind}.</source>
            <translation>{path} es demasiado grande ({kind}).</translation>
        </message>
        <message>
            <source>{path} is a folder; give the name of a {kind}.</source>
            <translation>{path} es una carpeta; dé el nombre de un archivo ({kind}).</translation>
        </message>
        <message>
            <source>There is no file {path}.</source>
            <translation>No existe el archivo {path}.</translation>
        </message>
        <message>
            <source>{path} cannot be opened: you have no permission to read it.</source>
            <translation>No se puede abrir {path}: usted no tiene permiso para leerlo.</translation>
        </message>
        <message>
            <source>The {kind} cannot be opened: {reason}.</source>
            <translation>{kind}: no se puede abrir el archivo: {reason}.</translation>
        </message>
        <message>
            <source>The outlines in this DICOM-SEG are damaged or do not fit its header.</source>
            <translation>Los contornos de este DICOM-SEG están dañados o no concuerdan con su cabecera.</translation>
        </message>
        <message>
            <source>The file is not a DICOM file, or its beginning is missing.</source>
            <translation>El archivo no es DICOM, o le falta el comienzo.</translation>
        </message>
        <message>
            <source>The header of this DICOM file is longer than that of a radiograph's outlines.</source>
            <translation>La cabecera de este archivo DICOM es más larga que la de los contornos de una radiografía.</translation>
        </message>
        <message>
            <source>The outlines in this DICOM-SEG are compressed, or stored in an unknown way.</source>
            <translation>Los contornos de este DICOM-SEG están comprimidos o guardados de un modo desconocido.</translation>
        </message>
        <message>
            <source>This DICOM-SEG holds no outlines, or its header is damaged.</source>
            <translation>Este DICOM-SEG no contiene contornos, o su cabecera está dañada.</translation>
        </message>
        <message>
            <source>This DICOM file holds {content}, not a segmentation.</source>
            <translation>Este archivo DICOM contiene {content}, no una segmentación.</translation>
        </message>
        <message>
            <source>This DICOM-SEG holds probabilities, not outlines.</source>
            <translation>Este DICOM-SEG contiene probabilidades, no contornos.</translation>
        </message>
        <message>
            <source>The header of this DICOM-SEG contradicts itself about how its outlines are stored.</source>
            <translation>La cabecera de este DICOM-SEG se contradice sobre cómo se guardan sus contornos.</translation>
        </message>
        <message>
            <source>This DICOM-SEG holds no outlines.</source>
            <translation>Este DICOM-SEG no contiene contornos.</translation>
        </message>
        <message>
            <source>This DICOM-SEG claims more pixels than any radiograph has; it is probably damaged.</source>
            <translation>Este DICOM-SEG dice tener más píxeles que cualquier radiografía; probablemente está dañado.</translation>
        </message>
        <message>
            <source>This DICOM-SEG describes no segment.</source>
            <translation>Este DICOM-SEG no describe ningún segmento.</translation>
        </message>
        <message>
            <source>This DICOM-SEG holds more segments than a radiograph can have.</source>
            <translation>Este DICOM-SEG contiene más segmentos de los que puede tener una radiografía.</translation>
        </message>
        <message>
            <source>This DICOM-SEG refers to several pictures, not to one radiograph.</source>
            <translation>Este DICOM-SEG se refiere a varias imágenes, no a una radiografía.</translation>
        </message>
        <message>
            <source>The segments in this DICOM-SEG are numbered inconsistently.</source>
            <translation>Los segmentos de este DICOM-SEG están numerados de forma incoherente.</translation>
        </message>
        <message>
            <source>This DICOM-SEG outlines something that it does not describe.</source>
            <translation>Este DICOM-SEG contornea algo que no describe.</translation>
        </message>
        <message>
            <source>This DICOM-SEG does not say which segment an outline belongs to.</source>
            <translation>Este DICOM-SEG no dice a qué segmento pertenece un contorno.</translation>
        </message>
        <message>
            <source>This DICOM-SEG does not say what its segments are.</source>
            <translation>Este DICOM-SEG no dice qué son sus segmentos.</translation>
        </message>
        <message>
            <source>This DICOM-SEG lacks what identifies it or its radiograph ({keyword}).</source>
            <translation>A este DICOM-SEG le falta lo que lo identifica a él o a su radiografía ({keyword}).</translation>
        </message>
        <message>
            <source>The file is damaged, incomplete or not a DICOM-SEG.</source>
            <translation>El archivo está dañado, incompleto o no es un DICOM-SEG.</translation>
        </message>
        <message>
            <source>Nothing is outlined, and a DICOM-SEG needs at least one segment.</source>
            <translation>No hay nada contorneado, y un DICOM-SEG necesita al menos un segmento.</translation>
        </message>
        <message>
            <source>A DICOM-SEG cannot hold some of the values of this segmentation.</source>
            <translation>Un DICOM-SEG no puede contener algunos valores de esta segmentación.</translation>
        </message>
        <message>
            <source>The outlines have {columns} x {rows} pixels, the radiograph has {radiograph_columns} x {radiograph_rows}.</source>
            <translation>Los contornos tienen {columns} x {rows} píxeles, la radiografía tiene {radiograph_columns} x {radiograph_rows}.</translation>
        </message>
        <message>
            <source>Two segments of the earlier segmentation share an identifier.</source>
            <translation>Dos segmentos de la segmentación anterior comparten un identificador.</translation>
        </message>
        <message>
            <source>A corrected outline has another size than the earlier segmentation.</source>
            <translation>Un contorno corregido tiene otro tamaño que la segmentación anterior.</translation>
        </message>
        <message>
            <source>A corrected segmentation needs the name of its editor, at most 64 characters.</source>
            <translation>Una segmentación corregida necesita el nombre de quien la editó, de 64 caracteres como máximo.</translation>
        </message>
        <message>
            <source>No segment is left; empty the outlines instead of removing all segments.</source>
            <translation>No queda ningún segmento; vacíe los contornos en vez de eliminar todos los segmentos.</translation>
        </message>
        <message>
            <source>The segmentation belongs to another radiograph than the one that it replaces.</source>
            <translation>La segmentación pertenece a otra radiografía que la que sustituye.</translation>
        </message>
        <message>
            <source>The outlines are the same as before, so there is nothing to write.</source>
            <translation>Los contornos son los mismos que antes, así que no hay nada que escribir.</translation>
        </message>
        <message>
            <source>Two segments of the corrected file match the same earlier segment: {segment}.</source>
            <translation>Dos segmentos del archivo corregido corresponden al mismo segmento anterior: {segment}.</translation>
        </message>
        <message>
            <source>The radiograph is not a DICOM file, so a DICOM-SEG has nothing to refer to.</source>
            <translation>La radiografía no es un archivo DICOM, así que un DICOM-SEG no tiene a qué referirse.</translation>
        </message>
        <message>
            <source>The header does not say which kind of radiograph it is, so a DICOM-SEG cannot refer to it.</source>
            <translation>La cabecera no dice qué tipo de radiografía es, así que un DICOM-SEG no puede referirse a ella.</translation>
        </message>
        <message>
            <source>Nothing is outlined, so no DICOM-SEG is written.</source>
            <translation>No hay nada contorneado, así que no se escribe ningún DICOM-SEG.</translation>
        </message>
        <message>
            <source>The radiograph has no usable {keyword}, so a DICOM-SEG cannot refer to it.</source>
            <translation>La radiografía no tiene un {keyword} utilizable, así que un DICOM-SEG no puede referirse a ella.</translation>
        </message>
        <message>
            <source>The segmentation does not say which radiograph it belongs to.</source>
            <translation>La segmentación no dice a qué radiografía pertenece.</translation>
        </message>
        <message>
            <source>The segmentation belongs to another radiograph than this one.</source>
            <translation>La segmentación pertenece a otra radiografía, no a esta.</translation>
        </message>
        <message>
            <source>The header of the radiograph does not say how large its picture is.</source>
            <translation>La cabecera de la radiografía no dice cuál es el tamaño de su imagen.</translation>
        </message>
        <message>
            <source>The picture is too small for a radiograph: {columns} x {rows} pixels.</source>
            <translation>La imagen es demasiado pequeña para una radiografía: {columns} x {rows} píxeles.</translation>
        </message>
        <message>
            <source>The image is damaged or not a DICOM file.</source>
            <translation>La imagen está dañada o no es un archivo DICOM.</translation>
        </message>
        <message>
            <source>{path} is not a DICOM image, so no segmentation can refer to it.</source>
            <translation>{path} no es una imagen DICOM, así que ninguna segmentación puede referirse a ella.</translation>
        </message>
        <message>
            <source>The network gives no map {map}.</source>
            <translation>La red no da el mapa {map}.</translation>
        </message>
        <message>
            <source>The segmentation has another size than the radiograph.</source>
            <translation>La segmentación tiene otro tamaño que la radiografía.</translation>
        </message>
        <message>
            <source>The mask has another size than the radiograph.</source>
            <translation>La máscara tiene otro tamaño que la radiografía.</translation>
        </message>
        <message>
            <source>There is no segment “{segment}” that takes a mask.</source>
            <translation>No hay ningún segmento «{segment}» que admita una máscara.</translation>
        </message>
        <message>
            <source>There is no segment “{segment}”.</source>
            <translation>No hay ningún segmento «{segment}».</translation>
        </message>
        <message>
            <source>The segmentation has a segment “{segment}” already.</source>
            <translation>La segmentación ya tiene un segmento «{segment}».</translation>
        </message>
        <message>
            <source>The volume is not one picture.</source>
            <translation>El volumen no es una sola imagen.</translation>
        </message>
        <message>
            <source>The result belongs to another radiograph: its size differs.</source>
            <translation>El resultado pertenece a otra radiografía: su tamaño es distinto.</translation>
        </message>
        <message>
            <source>The segment cannot be resampled to the radiograph.</source>
            <translation>El segmento no se puede remuestrear a la radiografía.</translation>
        </message>
        <message>
            <source>The worker has ended.</source>
            <translation>El proceso de cálculo ha terminado.</translation>
        </message>
        <message>
            <source>The worker's output is not readable.</source>
            <translation>La salida del proceso de cálculo no se puede leer.</translation>
        </message>
        <message>
            <source>The worker does not start.</source>
            <translation>El proceso de cálculo no se inicia.</translation>
        </message>
        <message>
            <source>The worker has an older version ({version}); install the current one.</source>
            <translation>El proceso de cálculo tiene una versión anterior ({version}); instale la actual.</translation>
        </message>
        <message>
            <source>The worker does not answer.</source>
            <translation>El proceso de cálculo no responde.</translation>
        </message>
        <message>
            <source>The worker was ended.</source>
            <translation>El proceso de cálculo se detuvo.</translation>
        </message>
        <message>
            <source>A request with the id {request} has not ended yet.</source>
            <translation>Una petición con el identificador {request} todavía no ha terminado.</translation>
        </message>
        <message>
            <source>{number} requests are waiting already; the request {request} was not taken.</source>
            <translation>Ya esperan {number} peticiones; la petición {request} no se aceptó.</translation>
        </message>
        <message>
            <source>The file {file} does not hold a probability map of this program.</source>
            <translation>El archivo {file} no contiene un mapa de probabilidad de este programa.</translation>
        </message>
        <message>
            <source>The mask of the segment “{segment}” does not hold numbers.</source>
            <translation>La máscara del segmento «{segment}» no contiene números.</translation>
        </message>
        <message>
            <source>The segment “{segment}” belongs to another radiograph: its size differs.</source>
            <translation>El segmento «{segment}» pertenece a otra radiografía: su tamaño es distinto.</translation>
        </message>
        <message>
            <source>The probability map belongs to another radiograph: its size differs.</source>
            <translation>El mapa de probabilidad pertenece a otra radiografía: su tamaño es distinto.</translation>
        </message>
        <message>
            <source>The request is not understood.</source>
            <translation>La petición no se entiende.</translation>
        </message>
        <message>
            <source>The line is longer than {bytes} bytes and was not read.</source>
            <translation>La línea tiene más de {bytes} bytes y no se leyó.</translation>
        </message>
        <message>
            <source>The worker has ended unexpectedly.</source>
            <translation>El proceso de cálculo terminó de forma inesperada.</translation>
        </message>
        <message>
            <source>The worker has ended unexpectedly. {sentence}</source>
            <translation>El proceso de cálculo terminó de forma inesperada. {sentence}</translation>
        </message>
        <message>
            <source>The libraries that the network needs cannot be loaded. {sentence}</source>
            <translation>No se pueden cargar las bibliotecas que necesita la red. {sentence}</translation>
        </message>
        <message>
            <source>The request is not understood: {detail}.</source>
            <translation>La petición no se entiende: {detail}.</translation>
        </message>
        <message>
            <source>No server answers at this address; check the address, and whether the server runs.</source>
            <translation>Ningún servidor responde en esta dirección; compruebe la dirección y si el servidor está en marcha.</translation>
        </message>
        <message>
            <source>The server's certificate is not trusted; ask its administrator for the certificate to trust.</source>
            <translation>No se confía en el certificado del servidor; pida a su administrador el certificado en el que confiar.</translation>
        </message>
        <message>
            <source>Something answers at this address, but it is no CausalCLIPSeg server.</source>
            <translation>Algo responde en esta dirección, pero no es un servidor de CausalCLIPSeg.</translation>
        </message>
        <message>
            <source>The connection to the server was cut; try again.</source>
            <translation>La conexión con el servidor se cortó; inténtelo otra vez.</translation>
        </message>
        <message>
            <source>The address begins with http://, so the key and the radiograph could be read on the way; use https://.</source>
            <translation>La dirección empieza por http://, así que la clave y la radiografía podrían leerse por el camino; use https://.</translation>
        </message>
        <message>
            <source>This is no address of a server; one looks like https://server.example.org:8443.</source>
            <translation>Esta no es la dirección de un servidor; una es así: https://server.example.org:8443.</translation>
        </message>
        <message>
            <source>The server has another version than this program; update the older one.</source>
            <translation>El servidor tiene otra versión que este programa; actualice el más antiguo.</translation>
        </message>
        <message>
            <source>The server has another version ({version}) than this program; update the older one.</source>
            <translation>El servidor tiene otra versión ({version}) que este programa; actualice el más antiguo.</translation>
        </message>
        <message>
            <source>The run was canceled.</source>
            <translation>La ejecución se canceló.</translation>
        </message>
        <message>
            <source>The image cannot be read: {reason}.</source>
            <translation>No se puede leer la imagen: {reason}.</translation>
        </message>
        <message>
            <source>A server reads left and right of a note as the patient's; choose this under Settings.</source>
            <translation>Un servidor lee la izquierda y la derecha de una nota como las del paciente; elíjalo en Ajustes.</translation>
        </message>
        <message>
            <source>The server answered with a picture of another size.</source>
            <translation>El servidor respondió con una imagen de otro tamaño.</translation>
        </message>
        <message>
            <source>This is not a key of this server, or the server was started again.</source>
            <translation>Esta no es una clave de este servidor, o el servidor se inició de nuevo.</translation>
        </message>
        <message>
            <source>This server needs a key.</source>
            <translation>Este servidor necesita una clave.</translation>
        </message>
        <message>
            <source>There were too many wrong keys; wait a minute.</source>
            <translation>Hubo demasiadas claves erróneas; espere un minuto.</translation>
        </message>
        <message>
            <source>The server is busy: {number} requests are waiting already; try again in a few seconds.</source>
            <translation>El servidor está ocupado: ya esperan {number} peticiones; inténtelo dentro de unos segundos.</translation>
        </message>
        <message>
            <source>The server is busy; try again.</source>
            <translation>El servidor está ocupado; inténtelo otra vez.</translation>
        </message>
        <message>
            <source>The server is just starting; try again.</source>
            <translation>El servidor se está iniciando; inténtelo otra vez.</translation>
        </message>
        <message>
            <source>The process that outlines the radiograph has ended unexpectedly; try again.</source>
            <translation>El proceso que contornea la radiografía terminó de forma inesperada; inténtelo otra vez.</translation>
        </message>
        <message>
            <source>This took longer than {seconds} seconds and was stopped.</source>
            <translation>Esto tardó más de {seconds} segundos y se detuvo.</translation>
        </message>
        <message>
            <source>Too many people use the server; try again later.</source>
            <translation>Demasiadas personas usan el servidor; inténtelo más tarde.</translation>
        </message>
        <message>
            <source>This session has ended, or the server was started again; open the radiograph again.</source>
            <translation>Esta sesión ha terminado, o el servidor se inició de nuevo; abra la radiografía otra vez.</translation>
        </message>
        <message>
            <source>This session has {number} runs that have not ended; wait for one, or cancel one.</source>
            <translation>Esta sesión tiene {number} ejecuciones sin terminar; espere a una o cancélela.</translation>
        </message>
        <message>
            <source>The file is larger than {size} MB, which is the most that this server takes.</source>
            <translation>El archivo tiene más de {size} MB, que es lo máximo que acepta este servidor.</translation>
        </message>
        <message>
            <source>The image has {columns} x {rows} pixels; this server takes at most {limit} million pixels.</source>
            <translation>La imagen tiene {columns} x {rows} píxeles; este servidor acepta como máximo {limit} millones de píxeles.</translation>
        </message>
        <message>
            <source>Reading the image took longer than {seconds} seconds and was stopped.</source>
            <translation>Leer la imagen tardó más de {seconds} segundos y se detuvo.</translation>
        </message>
        <message>
            <source>The server has no room for this now; try again later.</source>
            <translation>El servidor no tiene sitio para esto ahora; inténtelo más tarde.</translation>
        </message>
        <message>
            <source>Something unexpected went wrong on the server.</source>
            <translation>Algo inesperado salió mal en el servidor.</translation>
        </message>
        <message>
            <source>This server does not have the name that was used; see --hostname in docs/serve-it.md.</source>
            <translation>Este servidor no tiene el nombre que se usó; vea --hostname en docs/serve-it.md.</translation>
        </message>
        <message>
            <source>Note: {place}. Something there reaches the threshold (highest probability {probability}).</source>
            <translation>Nota: {place}. Algo alcanza allí el umbral (probabilidad máxima {probability}).</translation>
        </message>
        <message>
            <source>Note: {place}. Something there reaches the threshold (highest probability {probability}, calibrated {percent} %).</source>
            <translation>Nota: {place}. Algo alcanza allí el umbral (probabilidad máxima {probability}, calibrada {percent} %).</translation>
        </message>
        <message>
            <source>Note: {place}. Nothing there reaches the threshold (highest probability {probability}).</source>
            <translation>Nota: {place}. Nada alcanza allí el umbral (probabilidad máxima {probability}).</translation>
        </message>
        <message>
            <source>Note: {place}. Nothing there reaches the threshold (highest probability {probability}, calibrated {percent} %).</source>
            <translation>Nota: {place}. Nada alcanza allí el umbral (probabilidad máxima {probability}, calibrada {percent} %).</translation>
        </message>
        <message>
            <source>Not in the note: {place} (highest probability {probability}).</source>
            <translation>No está en la nota: {place} (probabilidad máxima {probability}).</translation>
        </message>
        <message>
            <source>Not in the note: {place}, which the note calls clear (highest probability {probability}).</source>
            <translation>No está en la nota: {place}, que la nota llama libre (probabilidad máxima {probability}).</translation>
        </message>
        <message>
            <source>The note says {named}, the outline is empty.</source>
            <translation>La nota dice: {named}; el contorno está vacío.</translation>
        </message>
        <message>
            <source>The note names nothing to outline, but the outline is {outlined}.</source>
            <translation>La nota no nombra nada que contornear, pero el contorno está: {outlined}.</translation>
        </message>
        <message>
            <source>The note says {named}, the outline is {outlined}.</source>
            <translation>La nota dice: {named}; el contorno está: {outlined}.</translation>
        </message>
        <message>
            <source>On the {side} the note says {named}, the outline is {outlined}.</source>
            <translation>En este lado: {side}, la nota dice {named}; el contorno está: {outlined}.</translation>
        </message>
        <message>
            <source>The note says one area, the outline has {found}.</source>
            <translation>La nota dice: un área; el contorno tiene: {found}.</translation>
        </message>
        <message>
            <source>The note says {number} areas, the outline has {found}.</source>
            <translation>La nota dice: {number} áreas; el contorno tiene: {found}.</translation>
        </message>
        <message>
            <source>Probability</source>
            <translation>Probabilidad</translation>
        </message>
        <message>
            <source>Causal attention</source>
            <translation>Atención causal</translation>
        </message>
        <message>
            <source>Confounder map</source>
            <translation>Mapa de confusores</translation>
        </message>
        <message>
            <source>Patches of interest</source>
            <translation>Zonas de interés</translation>
        </message>
        <message>
            <source>How probable the network finds it that a pixel belongs to the finding. Only this map says where the finding is.</source>
            <translation>Qué probabilidad da la red a que un píxel pertenezca al hallazgo. Solo este mapa dice dónde está el hallazgo.</translation>
        </message>
        <message>
            <source>A look inside the network, not an explanation. Its values lie close together; they show neither where the finding is nor what the network relies on.</source>
            <translation>Una mirada al interior de la red, no una explicación. Sus valores están muy próximos; no muestran dónde está el hallazgo ni en qué se basa la red.</translation>
        </message>
        <message>
            <source>The complement of the causal attention. It shows neither where the finding is nor what the network relies on.</source>
            <translation>El complemento de la atención causal. No muestra dónde está el hallazgo ni en qué se basa la red.</translation>
        </message>
        <message>
            <source>The weight that the network gives each patch of the radiograph; 1 is an even share. They show a part of what the network relies on, and do not outline the finding.</source>
            <translation>El peso que la red da a cada zona de la radiografía; 1 es una parte igual. Muestran una parte de aquello en que se basa la red, y no delimitan el hallazgo.</translation>
        </message>
        <message>
            <source>The share of the network's interest that each word gets. The shares say little: words for the place get small ones, although the outline follows them.</source>
            <translation>La proporción del interés de la red que recibe cada palabra. Las proporciones dicen poco: las palabras del lugar reciben proporciones pequeñas, aunque el contorno las sigue.</translation>
        </message>
        <message>
            <source>Loading the libraries</source>
            <translation>Cargando las bibliotecas</translation>
        </message>
        <message>
            <source>Loading the checkpoint</source>
            <translation>Cargando el checkpoint</translation>
        </message>
        <message>
            <source>Reading the radiograph</source>
            <translation>Leyendo la radiografía</translation>
        </message>
        <message>
            <source>Reading the segments</source>
            <translation>Leyendo los segmentos</translation>
        </message>
        <message>
            <source>Understanding the note</source>
            <translation>Entendiendo la nota</translation>
        </message>
        <message>
            <source>Searching the radiograph</source>
            <translation>Buscando en la radiografía</translation>
        </message>
        <message>
            <source>Writing the result</source>
            <translation>Escribiendo el resultado</translation>
        </message>
        <message>
            <source>Writing the files</source>
            <translation>Escribiendo los archivos</translation>
        </message>
        <message>
            <source>Applying the threshold</source>
            <translation>Aplicando el umbral</translation>
        </message>
        <message>
            <source>Connecting to the server</source>
            <translation>Conectando con el servidor</translation>
        </message>
        <message>
            <source>Sending the radiograph</source>
            <translation>Enviando la radiografía</translation>
        </message>
        <message>
            <source>Waiting for the server</source>
            <translation>Esperando al servidor</translation>
        </message>
        <message>
            <source>Fetching the result</source>
            <translation>Obteniendo el resultado</translation>
        </message>
        <message>
            <source>outside what the model outlines</source>
            <translation>fuera de lo que contornea el modelo</translation>
        </message>
        <message>
            <source>described as absent</source>
            <translation>descrito como ausente</translation>
        </message>
        <message>
            <source>describes the past</source>
            <translation>describe el pasado</translation>
        </message>
        <message>
            <source>describes another person</source>
            <translation>describe a otra persona</translation>
        </message>
        <message>
            <source>only considered, as in advice</source>
            <translation>solo considerado, como en un consejo</translation>
        </message>
        <message>
            <source>described as normal</source>
            <translation>descrito como normal</translation>
        </message>
        <message>
            <source>described as spared</source>
            <translation>descrito como respetado</translation>
        </message>
        <message>
            <source>under a heading that does not describe this radiograph</source>
            <translation>bajo un título que no describe esta radiografía</translation>
        </message>
        <message>
            <source>belongs to no finding</source>
            <translation>no pertenece a ningún hallazgo</translation>
        </message>
        <message>
            <source>names no finding and no place</source>
            <translation>no nombra ni hallazgo ni lugar</translation>
        </message>
        <message>
            <source>another finding; outline it by a note of its own</source>
            <translation>otro hallazgo; delimítelo con una nota propia</translation>
        </message>
        <message>
            <source>right</source>
            <translation>derecha</translation>
        </message>
        <message>
            <source>left</source>
            <translation>izquierda</translation>
        </message>
        <message>
            <source>on both sides</source>
            <translation>en ambos lados</translation>
        </message>
        <message>
            <source>right and left</source>
            <translation>derecha e izquierda</translation>
        </message>
        <message>
            <source>right lung</source>
            <translation>pulmón derecho</translation>
        </message>
        <message>
            <source>right upper zone</source>
            <translation>campo superior derecho</translation>
        </message>
        <message>
            <source>right middle zone</source>
            <translation>campo medio derecho</translation>
        </message>
        <message>
            <source>right lower zone</source>
            <translation>campo inferior derecho</translation>
        </message>
        <message>
            <source>right upper and middle zones</source>
            <translation>campos superior y medio derechos</translation>
        </message>
        <message>
            <source>right upper and lower zones</source>
            <translation>campos superior e inferior derechos</translation>
        </message>
        <message>
            <source>right middle and lower zones</source>
            <translation>campos medio e inferior derechos</translation>
        </message>
        <message>
            <source>left lung</source>
            <translation>pulmón izquierdo</translation>
        </message>
        <message>
            <source>left upper zone</source>
            <translation>campo superior izquierdo</translation>
        </message>
        <message>
            <source>left middle zone</source>
            <translation>campo medio izquierdo</translation>
        </message>
        <message>
            <source>left lower zone</source>
            <translation>campo inferior izquierdo</translation>
        </message>
        <message>
            <source>left upper and middle zones</source>
            <translation>campos superior y medio izquierdos</translation>
        </message>
        <message>
            <source>left upper and lower zones</source>
            <translation>campos superior e inferior izquierdos</translation>
        </message>
        <message>
            <source>left middle and lower zones</source>
            <translation>campos medio e inferior izquierdos</translation>
        </message>
        <message>
            <source>upper</source>
            <translation>arriba</translation>
        </message>
        <message>
            <source>middle</source>
            <translation>en medio</translation>
        </message>
        <message>
            <source>lower</source>
            <translation>abajo</translation>
        </message>
        <message>
            <source>upper and middle</source>
            <translation>arriba y en medio</translation>
        </message>
        <message>
            <source>upper and lower</source>
            <translation>arriba y abajo</translation>
        </message>
        <message>
            <source>middle and lower</source>
            <translation>en medio y abajo</translation>
        </message>
        <message>
            <source>the whole lung</source>
            <translation>todo el pulmón</translation>
        </message>
        <message>
            <source>no</source>
            <translation>ninguna</translation>
        </message>
        <message>
            <source>one</source>
            <translation>una</translation>
        </message>
        <message>
            <source>two</source>
            <translation>dos</translation>
        </message>
        <message>
            <source>three</source>
            <translation>tres</translation>
        </message>
        <message>
            <source>four</source>
            <translation>cuatro</translation>
        </message>
        <message>
            <source>five</source>
            <translation>cinco</translation>
        </message>
        <message>
            <source>six</source>
            <translation>seis</translation>
        </message>
        <message>
            <source>weights</source>
            <translation>pesos</translation>
        </message>
        <message>
            <source>graphs</source>
            <translation>grafos</translation>
        </message>
        <message>
            <source>note file</source>
            <translation>archivo de la nota</translation>
        </message>
        <message>
            <source>DICOM image</source>
            <translation>imagen DICOM</translation>
        </message>
        <message>
            <source>another kind of object</source>
            <translation>otro tipo de objeto</translation>
        </message>
        <message>
            <source>a PDF document</source>
            <translation>un documento PDF</translation>
        </message>
        <message>
            <source>a ZIP archive or an office document</source>
            <translation>un archivo ZIP o un documento de oficina</translation>
        </message>
        <message>
            <source>a GIF image</source>
            <translation>una imagen GIF</translation>
        </message>
        <message>
            <source>an audio or video file</source>
            <translation>un archivo de audio o vídeo</translation>
        </message>
        <message>
            <source>a JPEG 2000 image</source>
            <translation>una imagen JPEG 2000</translation>
        </message>
        <message>
            <source>a MetaImage</source>
            <translation>un MetaImage</translation>
        </message>
        <message>
            <source>an HDF5 file</source>
            <translation>un archivo HDF5</translation>
        </message>
        <message>
            <source>the header of a NIfTI image whose pixels are in another file; save it as one .nii file</source>
            <translation>la cabecera de una imagen NIfTI cuyos píxeles están en otro archivo; guárdela como un solo archivo .nii</translation>
        </message>
        <message>
            <source>a text file</source>
            <translation>un archivo de texto</translation>
        </message>
        <message>
            <source>of a kind that the program does not know</source>
            <translation>de un tipo que el programa no conoce</translation>
        </message>
        <message>
            <source>DICOM, PNG, JPEG, TIFF, WebP, BMP, NRRD or NIfTI</source>
            <translation>DICOM, PNG, JPEG, TIFF, WebP, BMP, NRRD o NIfTI</translation>
        </message>
        <message>
            <source>an HL7 message</source>
            <translation>un mensaje HL7</translation>
        </message>
        <message>
            <source>an RTF document</source>
            <translation>un documento RTF</translation>
        </message>
        <message>
            <source>an HTML or XML document</source>
            <translation>un documento HTML o XML</translation>
        </message>
        <message>
            <source>UTF-8, UTF-16 or Windows-1252</source>
            <translation>UTF-8, UTF-16 o Windows-1252</translation>
        </message>
        <message>
            <source>it is a folder</source>
            <translation>es una carpeta</translation>
        </message>
        <message>
            <source>it is a pipe, a socket or a device, not a regular file</source>
            <translation>es una tubería, un socket o un dispositivo, no un archivo normal</translation>
        </message>
        <message>
            <source>its name contains a character that no file name can contain</source>
            <translation>el nombre contiene un carácter que ningún nombre de archivo puede contener</translation>
        </message>
        <message>
            <source>there is no such file</source>
            <translation>no existe ese archivo</translation>
        </message>
        <message>
            <source>its name is too long</source>
            <translation>el nombre es demasiado largo</translation>
        </message>
        <message>
            <source>its name cannot be used</source>
            <translation>el nombre no se puede usar</translation>
        </message>
        <message>
            <source>the system reports an error</source>
            <translation>el sistema informa de un error</translation>
        </message>
        <message>
            <source>permission denied</source>
            <translation>permiso denegado</translation>
        </message>
        <message>
            <source>no space left on device</source>
            <translation>no queda espacio en el disco</translation>
        </message>
        <message>
            <source>no such file or directory</source>
            <translation>no existe el archivo o la carpeta</translation>
        </message>
        <message>
            <source>file name too long</source>
            <translation>nombre de archivo demasiado largo</translation>
        </message>
        <message>
            <source>read-only file system</source>
            <translation>el sistema de archivos es de solo lectura</translation>
        </message>
        <message>
            <source>disk quota exceeded</source>
            <translation>cuota de disco superada</translation>
        </message>
        <message>
            <source>input/output error</source>
            <translation>error de entrada/salida</translation>
        </message>
        <message>
            <source>is a directory</source>
            <translation>es una carpeta</translation>
        </message>
        <message>
            <source>not a directory</source>
            <translation>no es una carpeta</translation>
        </message>
        <message>
            <source>operation not permitted</source>
            <translation>operación no permitida</translation>
        </message>
        <message>
            <source>English</source>
            <translation>inglés</translation>
        </message>
        <message>
            <source>German</source>
            <translation>alemán</translation>
        </message>
        <message>
            <source>Spanish</source>
            <translation>español</translation>
        </message>
        <message>
            <source>French</source>
            <translation>francés</translation>
        </message>
        <message>
            <source>Dutch</source>
            <translation>neerlandés</translation>
        </message>
        <message>
            <source>Italian</source>
            <translation>italiano</translation>
        </message>
        <message>
            <source>Portuguese</source>
            <translation>portugués</translation>
        </message>
        <message>
            <source>Polish</source>
            <translation>polaco</translation>
        </message>
        <message>
            <source>Swedish</source>
            <translation>sueco</translation>
        </message>
        <message>
            <source>Danish</source>
            <translation>danés</translation>
        </message>
        <message>
            <source>Norwegian</source>
            <translation>noruego</translation>
        </message>
        <message>
            <source>Finnish</source>
            <translation>finés</translation>
        </message>
        <message>
            <source>Czech</source>
            <translation>checo</translation>
        </message>
        <message>
            <source>Turkish</source>
            <translation>turco</translation>
        </message>
        <message>
            <source>Romanian</source>
            <translation>rumano</translation>
        </message>
        <message>
            <source>Hungarian</source>
            <translation>húngaro</translation>
        </message>
        <message>
            <source>Japanese</source>
            <translation>japonés</translation>
        </message>
        <message>
            <source>Korean</source>
            <translation>coreano</translation>
        </message>
        <message>
            <source>Chinese or Japanese</source>
            <translation>chino o japonés</translation>
        </message>
        <message>
            <source>English, German and Spanish</source>
            <translation>inglés, alemán y español</translation>
        </message>
    </context>
</TS>
