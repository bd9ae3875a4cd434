<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>CausalCLIPSeg</name>
        <message>
            <source>The outlines are a proposal; a person decides.</source>
            <translation>Die Umrisse sind ein Vorschlag; ein Mensch entscheidet.</translation>
        </message>
        <message>
            <source>For research; manual</source>
            <translation>Für die Forschung; Handbuch</translation>
        </message>
        <message>
            <source>For research, not for diagnosis.</source>
            <translation>Für die Forschung, nicht für die Diagnose.</translation>
        </message>
        <message>
            <source>Python packages are missing, about 300 MB.</source>
            <translation>Es fehlen Python-Pakete, etwa 300 MB.</translation>
        </message>
        <message>
            <source>Ask, then download and install the Python packages of the network into Slicer. More is under Settings.</source>
            <translation>Fragt nach, lädt dann die Python-Pakete des Netzes herunter und installiert sie in Slicer. Mehr unter Einstellungen.</translation>
        </message>
        <message>
            <source>Install what is missing</source>
            <translation>Fehlendes installieren</translation>
        </message>
        <message>
            <source>Install...</source>
            <translation>Installieren...</translation>
        </message>
        <message>
            <source>What one does for each radiograph, and what is set once.</source>
            <translation>Was man für jede Aufnahme tut, und was einmal eingestellt wird.</translation>
        </message>
        <message>
            <source>Outline and settings</source>
            <translation>Umriss und Einstellungen</translation>
        </message>
        <message>
            <source>Outline</source>
            <translation>Umriss</translation>
        </message>
        <message>
            <source>From the note to the corrected outlines.</source>
            <translation>Vom Befundtext zu den korrigierten Umrissen.</translation>
        </message>
        <message>
            <source>The radiograph, and what its note says.</source>
            <translation>Die Aufnahme, und was ihr Befundtext sagt.</translation>
        </message>
        <message>
            <source>Radiograph and note</source>
            <translation>Aufnahme und Befundtext</translation>
        </message>
        <message>
            <source>Input vo&amp;lume:</source>
            <translation>Eingabevo&amp;lumen:</translation>
        </message>
        <message>
            <source>The chest radiograph: a volume of one slice, gray or color.</source>
            <translation>Die Thoraxaufnahme: ein Volumen mit einer Schicht, grau oder farbig.</translation>
        </message>
        <message>
            <source>Input volume</source>
            <translation>Eingabevolumen</translation>
        </message>
        <message>
            <source>Select a radiograph</source>
            <translation>Aufnahme wählen</translation>
        </message>
        <message>
            <source>Load a real chest radiograph and a note that fits it.</source>
            <translation>Lädt eine echte Thoraxaufnahme und einen Befundtext, der dazu passt.</translation>
        </message>
        <message>
            <source>Load a sample radiograph</source>
            <translation>Eine Beispielaufnahme laden</translation>
        </message>
        <message>
            <source>Load sample</source>
            <translation>Beispiel laden</translation>
        </message>
        <message>
            <source>Outp&amp;ut:</source>
            <translation>A&amp;usgabe:</translation>
        </message>
        <message>
            <source>The segmentation that gets the outlines. In an existing one, segments that you have drawn or corrected are kept.</source>
            <translation>Die Segmentierung, in die die Umrisse kommen. In einer vorhandenen bleiben Segmente, die Sie gezeichnet oder korrigiert haben.</translation>
        </message>
        <message>
            <source>Output segmentation</source>
            <translation>Ausgabe-Segmentierung</translation>
        </message>
        <message>
            <source>New segmentation</source>
            <translation>Neue Segmentierung</translation>
        </message>
        <message>
            <source>Brightness and contrast of the radiograph. In a view, drag with the left mouse button for others.</source>
            <translation>Helligkeit und Kontrast der Aufnahme. Für andere ziehen Sie in einer Ansicht mit der linken Maustaste.</translation>
        </message>
        <message>
            <source>Brightness and contrast of the radiograph</source>
            <translation>Helligkeit und Kontrast der Aufnahme</translation>
        </message>
        <message>
            <source>Window</source>
            <translation>Fenster</translation>
        </message>
        <message>
            <source>As stored</source>
            <translation>Wie gespeichert</translation>
        </message>
        <message>
            <source>Whole range</source>
            <translation>Ganzer Bereich</translation>
        </message>
        <message>
            <source>Lungs</source>
            <translation>Lungen</translation>
        </message>
        <message>
            <source>Bones and mediastinum</source>
            <translation>Knochen und Mediastinum</translation>
        </message>
        <message>
            <source>Inverted</source>
            <translation>Invertiert</translation>
        </message>
        <message>
            <source>&amp;Note:</source>
            <translation>Befu&amp;ndtext:</translation>
        </message>
        <message>
            <source>The note or the report. Left and right are the patient's. {keys} runs.</source>
            <translation>Der Befundtext. Links und rechts sind die des Patienten. {keys} startet.</translation>
        </message>
        <message>
            <source>Note</source>
            <translation>Befundtext</translation>
        </message>
        <message>
            <source>For example: Consolidation in the right lower zone.</source>
            <translation>Zum Beispiel: Konsolidierung im rechten Unterfeld.</translation>
        </message>
        <message>
            <source>Replace the note with the text on the clipboard.</source>
            <translation>Ersetzt den Befundtext durch den Text der Zwischenablage.</translation>
        </message>
        <message>
            <source>Paste the note</source>
            <translation>Befundtext einfügen</translation>
        </message>
        <message>
            <source>Paste</source>
            <translation>Einfügen</translation>
        </message>
        <message>
            <source>Read the note from a text file.</source>
            <translation>Liest den Befundtext aus einer Textdatei.</translation>
        </message>
        <message>
            <source>Read the note from a file</source>
            <translation>Befundtext aus einer Datei lesen</translation>
        </message>
        <message>
            <source>From file...</source>
            <translation>Aus Datei...</translation>
        </message>
        <message>
            <source>Notes that were used in this scene; choose one to use it again.</source>
            <translation>Befundtexte, die in dieser Szene benutzt wurden; wählen Sie einen, um ihn wieder zu benutzen.</translation>
        </message>
        <message>
            <source>Earlier notes</source>
            <translation>Frühere Texte</translation>
        </message>
        <message>
            <source>Understood:</source>
            <translation>Verstanden:</translation>
        </message>
        <message>
            <source>How the note was understood, and on which side, before anything runs.</source>
            <translation>Wie der Befundtext verstanden wurde, und auf welcher Seite, bevor etwas läuft.</translation>
        </message>
        <message>
            <source>How the note was understood</source>
            <translation>Wie der Befundtext verstanden wurde</translation>
        </message>
        <message>
            <source>What the note says and the outline does not use, with the reasons.</source>
            <translation>Was der Befundtext sagt und der Umriss nicht nutzt, mit den Gründen.</translation>
        </message>
        <message>
            <source>Statements that are not used</source>
            <translation>Aussagen, die nicht genutzt werden</translation>
        </message>
        <message>
            <source>&amp;Side:</source>
            <translation>&amp;Seite:</translation>
        </message>
        <message>
            <source>The patient's side that is outlined. Choose a side if the note contradicts itself, or to outline only this side.</source>
            <translation>Die Seite des Patienten, die umrissen wird. Wählen Sie eine, wenn der Befundtext sich widerspricht, oder um nur diese Seite zu umreißen.</translation>
        </message>
        <message>
            <source>Side</source>
            <translation>Seite</translation>
        </message>
        <message>
            <source>As the note says</source>
            <translation>Wie der Befundtext sagt</translation>
        </message>
        <message>
            <source>Patient's right</source>
            <translation>Rechts des Patienten</translation>
        </message>
        <message>
            <source>Patient's left</source>
            <translation>Links des Patienten</translation>
        </message>
        <message>
            <source>Both</source>
            <translation>Beide</translation>
        </message>
        <message>
            <source>Outline what the note describes ({keys}).</source>
            <translation>Umreißt, was der Befundtext beschreibt ({keys}).</translation>
        </message>
        <message>
            <source>Apply</source>
            <translation>Anwenden</translation>
        </message>
        <message>
            <source>How much of the run is done, by phase.</source>
            <translation>Wie viel schon getan ist, nach Schritten.</translation>
        </message>
        <message>
            <source>Progress</source>
            <translation>Fortschritt</translation>
        </message>
        <message>
            <source>Cancel the run; nothing is changed.</source>
            <translation>Bricht ab; nichts wird geändert.</translation>
        </message>
        <message>
            <source>Cancel the run</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>An error.</source>
            <translation>Ein Fehler.</translation>
        </message>
        <message>
            <source>Error</source>
            <translation>Fehler</translation>
        </message>
        <message>
            <source>What is being done, and for how long.</source>
            <translation>Was gerade getan wird, und wie lange schon.</translation>
        </message>
        <message>
            <source>Status</source>
            <translation>Status</translation>
        </message>
        <message>
            <source>The outlined findings.</source>
            <translation>Die umrissenen Befunde.</translation>
        </message>
        <message>
            <source>Result</source>
            <translation>Ergebnis</translation>
        </message>
        <message>
            <source>The outlined findings: area in the plane of the detector if the radiograph is calibrated. Below them, where outline and note disagree.</source>
            <translation>Die umrissenen Befunde: Fläche in der Ebene des Detektors, wenn die Aufnahme kalibriert ist. Darunter, wo Umriss und Befundtext einander widersprechen.</translation>
        </message>
        <message>
            <source>Areas outside the places of the note. They are thin yellow lines in the views, and belong to no segment until you add them.</source>
            <translation>Bereiche außerhalb der Orte des Befundtexts. In den Ansichten sind sie dünne gelbe Linien, und sie gehören zu keinem Segment, bis Sie sie hinzufügen.</translation>
        </message>
        <message>
            <source>Areas that are not in the note</source>
            <translation>Bereiche, die nicht im Befundtext stehen</translation>
        </message>
        <message>
            <source>&amp;Threshold:</source>
            <translation>Sch&amp;wellenwert:</translation>
        </message>
        <message>
            <source>Minimum probability of an outlined pixel. Corrected segments keep their shape.</source>
            <translation>Kleinste Wahrscheinlichkeit eines umrissenen Pixels. Korrigierte Segmente behalten ihre Form.</translation>
        </message>
        <message>
            <source>Threshold</source>
            <translation>Schwellenwert</translation>
        </message>
        <message>
            <source>Outlines:</source>
            <translation>Umrisse:</translation>
        </message>
        <message>
            <source>Show or hide the outlines, to look at the finding under them ({keys}; in a view, the key G).</source>
            <translation>Zeigt oder verbirgt die Umrisse, um den Befund darunter zu sehen ({keys}; in einer Ansicht die Taste G).</translation>
        </message>
        <message>
            <source>Show the outlines</source>
            <translation>Die Umrisse zeigen</translation>
        </message>
        <message>
            <source>Sho&amp;w</source>
            <translation>&amp;Zeigen</translation>
        </message>
        <message>
            <source>Opacity of the inside of the outlines.</source>
            <translation>Deckkraft des Inneren der Umrisse.</translation>
        </message>
        <message>
            <source>Opacity of the inside of the outlines</source>
            <translation>Deckkraft des Inneren der Umrisse</translation>
        </message>
        <message>
            <source>Overlay:</source>
            <translation>Überlagerung:</translation>
        </message>
        <message>
            <source>Show the probability that the network gives each pixel, from dark red (low) to yellow (high). Below 0.05 nothing is shown.</source>
            <translation>Zeigt die Wahrscheinlichkeit, die das Netz jedem Pixel gibt, von Dunkelrot (niedrig) bis Gelb (hoch). Unter 0,05 wird nichts gezeigt.</translation>
        </message>
        <message>
            <source>Show the probability</source>
            <translation>Die Wahrscheinlichkeit zeigen</translation>
        </message>
        <message>
            <source>Pro&amp;bability</source>
            <translation>Wahrs&amp;cheinlichkeit</translation>
        </message>
        <message>
            <source>Opacity of the map over the radiograph.</source>
            <translation>Deckkraft der Karte über der Aufnahme.</translation>
        </message>
        <message>
            <source>Opacity of the map</source>
            <translation>Deckkraft der Karte</translation>
        </message>
        <message>
            <source>Compare:</source>
            <translation>Vergleich:</translation>
        </message>
        <message>
            <source>Keep this result. The next note is outlined as a second segmentation, shown side by side.</source>
            <translation>Behält dieses Ergebnis. Der nächste Befundtext wird als zweite Segmentierung umrissen und daneben gezeigt.</translation>
        </message>
        <message>
            <source>Keep the result for comparison with another note</source>
            <translation>Das Ergebnis zum Vergleich mit einem anderen Befundtext behalten</translation>
        </message>
        <message>
            <source>&amp;Keep this result</source>
            <translation>Ergebnis &amp;behalten</translation>
        </message>
        <message>
            <source>Correct the outlines by hand, with undo.</source>
            <translation>Die Umrisse von Hand korrigieren, mit Rückgängig.</translation>
        </message>
        <message>
            <source>Correct</source>
            <translation>Korrigieren</translation>
        </message>
        <message>
            <source>Slicer's own editor: choose a segment, then an effect, then work in the view. A corrected segment keeps its shape when the threshold is moved.</source>
            <translation>Slicers eigener Editor: wählen Sie ein Segment, dann einen Effekt, und arbeiten Sie in der Ansicht. Ein korrigiertes Segment behält seine Form, wenn der Schwellenwert verschoben wird.</translation>
        </message>
        <message>
            <source>Segment editor</source>
            <translation>Segment-Editor</translation>
        </message>
        <message>
            <source>Continue in Slicer's Segment Editor module with the same segmentation, with all effects and their keys.</source>
            <translation>Arbeitet mit derselben Segmentierung im Modul Segment Editor weiter, mit allen Effekten und deren Tasten.</translation>
        </message>
        <message>
            <source>Open in Segment Editor</source>
            <translation>Im Segment Editor öffnen</translation>
        </message>
        <message>
            <source>Write the segments as they are now.</source>
            <translation>Schreibt die Segmente, wie sie jetzt sind.</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>Export</translation>
        </message>
        <message>
            <source>The format, and where it is written.</source>
            <translation>Das Format, und wohin geschrieben wird.</translation>
        </message>
        <message>
            <source>Format of the export</source>
            <translation>Format des Exports</translation>
        </message>
        <message>
            <source>DICOM-SEG file</source>
            <translation>DICOM-SEG-Datei</translation>
        </message>
        <message>
            <source>DICOM-SEG into Slicer's database</source>
            <translation>DICOM-SEG in Slicers Datenbank</translation>
        </message>
        <message>
            <source>Segmentation file (.seg.nrrd)</source>
            <translation>Segmentierungsdatei (.seg.nrrd)</translation>
        </message>
        <message>
            <source>Picture (.png)</source>
            <translation>Bild (.png)</translation>
        </message>
        <message>
            <source>Export...</source>
            <translation>Exportieren...</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
        <message>
            <source>Device, weights, maps of the network, log and installation.</source>
            <translation>Gerät, Gewichte, Karten des Netzes, Protokoll und Installation.</translation>
        </message>
        <message>
            <source>Device, checkpoint, and how left and right are meant.</source>
            <translation>Gerät, Gewichte, und wie links und rechts gemeint sind.</translation>
        </message>
        <message>
            <source>Advanced</source>
            <translation>Erweitert</translation>
        </message>
        <message>
            <source>&amp;Run on:</source>
            <translation>&amp;Rechnen auf:</translation>
        </message>
        <message>
            <source>Where the network runs. A server gets only the pixels of the radiograph and the note, and deletes them after the run.</source>
            <translation>Wo das Netz rechnet. Ein Server bekommt nur die Pixel der Aufnahme und den Befundtext und löscht sie nach dem Lauf.</translation>
        </message>
        <message>
            <source>Where the network runs</source>
            <translation>Wo das Netz rechnet</translation>
        </message>
        <message>
            <source>This computer</source>
            <translation>Dieser Rechner</translation>
        </message>
        <message>
            <source>Server</source>
            <translation>Ein Server</translation>
        </message>
        <message>
            <source>Address:</source>
            <translation>Adresse:</translation>
        </message>
        <message>
            <source>The address of the server, as its administrator gives it.</source>
            <translation>Die Adresse des Servers, wie sein Betreuer sie nennt.</translation>
        </message>
        <message>
            <source>Address of the server</source>
            <translation>Adresse des Servers</translation>
        </message>
        <message>
            <source>Key:</source>
            <translation>Schlüssel:</translation>
        </message>
        <message>
            <source>Your key for the server. It is kept in Slicer's settings on this computer, never in a scene.</source>
            <translation>Ihr Schlüssel für den Server. Er liegt in Slicers Einstellungen auf diesem Rechner, nie in einer Szene.</translation>
        </message>
        <message>
            <source>Key for the server</source>
            <translation>Schlüssel für den Server</translation>
        </message>
        <message>
            <source>Ask the server what it is, without sending a radiograph.</source>
            <translation>Fragt den Server, was er ist, ohne eine Aufnahme zu senden.</translation>
        </message>
        <message>
            <source>Test the connection</source>
            <translation>Die Verbindung prüfen</translation>
        </message>
        <message>
            <source>Test connection</source>
            <translation>Verbindung prüfen</translation>
        </message>
        <message>
            <source>&amp;Device:</source>
            <translation>&amp;Gerät:</translation>
        </message>
        <message>
            <source>Where the network runs. If the graphics card has too little memory, the run continues on the processor and says so.</source>
            <translation>Wo das Netz rechnet. Hat die Grafikkarte zu wenig Speicher, geht es auf dem Prozessor weiter, mit einem Hinweis.</translation>
        </message>
        <message>
            <source>Device</source>
            <translation>Gerät</translation>
        </message>
        <message>
            <source>Automatic</source>
            <translation>Automatisch</translation>
        </message>
        <message>
            <source>Processor (CPU)</source>
            <translation>Prozessor (CPU)</translation>
        </message>
        <message>
            <source>Graphics card (CUDA)</source>
            <translation>Grafikkarte (CUDA)</translation>
        </message>
        <message>
            <source>Check&amp;point:</source>
            <translation>Check&amp;point:</translation>
        </message>
        <message>
            <source>The weights of the network.</source>
            <translation>Die Gewichte des Netzes.</translation>
        </message>
        <message>
            <source>Checkpoint</source>
            <translation>Checkpoint</translation>
        </message>
        <message>
            <source>Note &amp;means:</source>
            <translation>Befundtext &amp;meint:</translation>
        </message>
        <message>
            <source>Whose left and right the note means. Reports mean the patient's.</source>
            <translation>Wessen Links und Rechts der Befundtext meint. Befunde meinen das des Patienten.</translation>
        </message>
        <message>
            <source>Whose left and right the note means</source>
            <translation>Wessen Links und Rechts der Befundtext meint</translation>
        </message>
        <message>
            <source>the patient's left and right</source>
            <translation>links und rechts des Patienten</translation>
        </message>
        <message>
            <source>the viewer's left and right</source>
            <translation>links und rechts des Betrachters</translation>
        </message>
        <message>
            <source>Radiograph &amp;is:</source>
            <translation>Aufnahme &amp;ist:</translation>
        </message>
        <message>
            <source>Whether the radiograph shows the patient's right on the viewer's right. If its header says so, Apply asks first.</source>
            <translation>Ob die Aufnahme die rechte Seite des Patienten rechts im Bild zeigt. Sagt das ihr Kopf, fragt Anwenden zuerst.</translation>
        </message>
        <message>
            <source>Orientation of the radiograph</source>
            <translation>Ausrichtung der Aufnahme</translation>
        </message>
        <message>
            <source>as its header says</source>
            <translation>wie ihr Kopf sagt</translation>
        </message>
        <message>
            <source>not mirrored</source>
            <translation>nicht gespiegelt</translation>
        </message>
        <message>
            <source>mirrored</source>
            <translation>gespiegelt</translation>
        </message>
        <message>
            <source>Network m&amp;ap:</source>
            <translation>Netz&amp;karte:</translation>
        </message>
        <message>
            <source>A look inside the network: weights that it gives to the places of the radiograph, shown over their own range. They often lie close together, and do not show where the finding is.</source>
            <translation>Ein Blick in das Netz: Gewichte, die es den Orten der Aufnahme gibt, über ihren eigenen Bereich gezeigt. Sie liegen oft nahe beieinander und zeigen nicht, wo der Befund ist.</translation>
        </message>
        <message>
            <source>Map of the network over the radiograph</source>
            <translation>Karte des Netzes über der Aufnahme</translation>
        </message>
        <message>
            <source>Messages of the worker.</source>
            <translation>Meldungen des Rechenprozesses.</translation>
        </message>
        <message>
            <source>Log</source>
            <translation>Protokoll</translation>
        </message>
        <message>
            <source>Messages of the worker, without notes and patient data.</source>
            <translation>Meldungen des Rechenprozesses, ohne Befundtexte und Patientendaten.</translation>
        </message>
        <message>
            <source>The Python packages that the network needs.</source>
            <translation>Die Python-Pakete, die das Netz braucht.</translation>
        </message>
        <message>
            <source>Installation</source>
            <translation>Installation</translation>
        </message>
        <message>
            <source>Whether the Python packages of the network are installed.</source>
            <translation>Ob die Python-Pakete des Netzes installiert sind.</translation>
        </message>
        <message>
            <source>Also install PyTorch, with which the network runs on a graphics card. It takes some gigabytes.</source>
            <translation>Installiert auch PyTorch, mit dem das Netz auf einer Grafikkarte rechnet. Es braucht einige Gigabyte.</translation>
        </message>
        <message>
            <source>For a graphics card</source>
            <translation>Für eine Grafikkarte</translation>
        </message>
        <message>
            <source>For a graphics card (PyTorch)</source>
            <translation>Für eine Grafikkarte (PyTorch)</translation>
        </message>
        <message>
            <source>Ask, then download and install the Python packages of the network into Slicer.</source>
            <translation>Fragt nach, lädt dann die Python-Pakete des Netzes herunter und installiert sie in Slicer.</translation>
        </message>
        <message>
            <source>Install</source>
            <translation>Installieren</translation>
        </message>
        <message>
            <source>Install from a folder of wheels, on a machine without internet.</source>
            <translation>Installiert aus einem Ordner mit Wheels, auf einem Rechner ohne Internet.</translation>
        </message>
        <message>
            <source>Install from a folder of wheels</source>
            <translation>Aus einem Ordner mit Wheels installieren</translation>
        </message>
        <message>
            <source>From folder...</source>
            <translation>Aus Ordner...</translation>
        </message>
        <message>
            <source>Remove every Python package that this module installed.</source>
            <translation>Entfernt jedes Python-Paket, das dieses Modul installiert hat.</translation>
        </message>
        <message>
            <source>Remove everything that was downloaded</source>
            <translation>Alles Heruntergeladene entfernen</translation>
        </message>
        <message>
            <source>Remove...</source>
            <translation>Entfernen...</translation>
        </message>
        <message>
            <source>CausalCLIPSeg</source>
            <translation>CausalCLIPSeg</translation>
        </message>
        <message>
            <source>The network is CausalCLIPSeg (Chen et al., MICCAI 2024). Weights were trained on QaTa-COV19.</source>
            <translation>Das Netz ist CausalCLIPSeg (Chen et al., MICCAI 2024). Die Gewichte wurden an QaTa-COV19 trainiert.</translation>
        </message>
        <message>
            <source>Load a chest radiograph, and paste its note. The module outlines the findings that the note describes, and you correct the outlines by hand. For research, not for diagnosis.</source>
            <translation>Laden Sie eine Thoraxaufnahme, und fügen Sie ihren Befundtext ein. Das Modul umreißt die Befunde, die der Text beschreibt, und Sie korrigieren die Umrisse von Hand. Für die Forschung, nicht für die Diagnose.</translation>
        </message>
        <message>
            <source>Manual</source>
            <translation>Handbuch</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.export</name>
        <message>
            <source>The segmentation is in the DICOM database, in the study of its radiograph.</source>
            <translation>Die Segmentierung ist in der DICOM-Datenbank, in der Studie ihrer Aufnahme.</translation>
        </message>
        <message>
            <source>The changed segmentation is in the DICOM database, in the series of the earlier one.</source>
            <translation>Die geänderte Segmentierung ist in der DICOM-Datenbank, in der Serie der früheren.</translation>
        </message>
        <message>
            <source>Exporting</source>
            <translation>Export läuft</translation>
        </message>
        <message>
            <source>Written: {path}</source>
            <translation>Geschrieben: {path}</translation>
        </message>
        <message>
            <source>There is no DICOM database yet; open the module DICOM once.</source>
            <translation>Es gibt noch keine DICOM-Datenbank; öffnen Sie einmal das Modul DICOM.</translation>
        </message>
        <message>
            <source>The file cannot be written: {reason}.</source>
            <translation>Die Datei kann nicht geschrieben werden: {reason}.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.installation</name>
        <message>
            <source>The weights of this module were trained on QaTa-COV19, whose terms are not settled. They are for non-commercial research, not for diagnosis.</source>
            <translation>Die Gewichte dieses Moduls wurden an QaTa-COV19 trainiert, dessen Bedingungen nicht geklärt sind. Sie sind für nichtkommerzielle Forschung, nicht für die Diagnose.</translation>
        </message>
        <message>
            <source>All of it can be removed again under Settings.</source>
            <translation>All das lässt sich unter Einstellungen wieder entfernen.</translation>
        </message>
        <message>
            <source>Do you accept this?</source>
            <translation>Stimmen Sie dem zu?</translation>
        </message>
        <message>
            <source>The terms of the weights were not accepted.</source>
            <translation>Den Bedingungen der Gewichte wurde nicht zugestimmt.</translation>
        </message>
        <message>
            <source>The Python packages of the network are now installed into Slicer, with PyTorch by the PyTorch extension. This takes some gigabytes.</source>
            <translation>Die Python-Pakete des Netzes werden jetzt in Slicer installiert, PyTorch durch die Erweiterung PyTorch. Das braucht einige Gigabyte.</translation>
        </message>
        <message>
            <source>The Python packages of the network, about 300 MB, are now installed into Slicer.</source>
            <translation>Die Python-Pakete des Netzes, etwa 300 MB, werden jetzt in Slicer installiert.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.logic</name>
        <message>
            <source>The note is longer than {limit:,} characters; give the part that describes the lungs.</source>
            <translation>Der Befundtext ist länger als {limit:,} Zeichen; geben Sie den Teil an, der die Lungen beschreibt.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.result</name>
        <message>
            <source>The radiograph was removed, so its result was dropped.</source>
            <translation>Die Aufnahme wurde entfernt, daher wurde ihr Ergebnis verworfen.</translation>
        </message>
        <message>
            <source>Findings</source>
            <translation>Befunde</translation>
        </message>
        <message>
            <source>Not in the note</source>
            <translation>Nicht im Befundtext</translation>
        </message>
        <message>
            <source>Done in {seconds:.1f} s by {checkpoint} on {device} ({engine}).</source>
            <translation>Fertig in {seconds:.1f} s mit {checkpoint} auf {device} ({engine}).</translation>
        </message>
        <message>
            <source>Added: {name}.</source>
            <translation>Hinzugefügt: {name}.</translation>
        </message>
        <message>
            <source>Nothing reaches the threshold; a lower threshold may outline more.</source>
            <translation>Nichts erreicht den Schwellenwert; ein niedrigerer umreißt vielleicht mehr.</translation>
        </message>
        <message>
            <source>The earlier result was corrected by hand, so it stays in the scene.</source>
            <translation>Das frühere Ergebnis wurde von Hand korrigiert und bleibt daher in der Szene.</translation>
        </message>
        <message>
            <source>Corrected, so left as they are: {names}.</source>
            <translation>Korrigiert und daher unverändert: {names}.</translation>
        </message>
        <message>
            <source>Outlined again at a threshold of {threshold:.2f}.</source>
            <translation>Neu umrissen, mit dem Schwellenwert {threshold:.2f}.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.run</name>
        <message>
            <source>Waiting for the worker</source>
            <translation>Warten auf den Rechenprozess</translation>
        </message>
        <message>
            <source>Canceled; nothing was changed.</source>
            <translation>Abgebrochen; nichts wurde geändert.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.sample</name>
        <message>
            <source>This radiograph shows masses. The network was trained on infections (QaTa-COV19), never on masses: it outlines what is opaque, so its outlines are too large here. Look at the probability, too.</source>
            <translation>Diese Aufnahme zeigt Raumforderungen. Das Netz wurde an Infektionen trainiert (QaTa-COV19), nie an Raumforderungen: es umreißt, was dicht ist, daher sind seine Umrisse hier zu groß. Sehen Sie auch die Wahrscheinlichkeit an.</translation>
        </message>
        <message>
            <source>The sample comes with the installation; see Settings of CausalCLIPSeg.</source>
            <translation>Das Beispiel kommt mit der Installation; siehe Einstellungen von CausalCLIPSeg.</translation>
        </message>
        <message>
            <source>Sample radiograph</source>
            <translation>Beispielaufnahme</translation>
        </message>
        <message>
            <source>The sample cannot be loaded.</source>
            <translation>Das Beispiel kann nicht geladen werden.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.server</name>
        <message>
            <source>Asking the server...</source>
            <translation>Server wird gefragt...</translation>
        </message>
        <message>
            <source>The pixels of the radiograph and the text of the note are sent to {address}. Its header, with the name of the patient, stays on this computer. The server deletes both after the run. Do you agree?</source>
            <translation>Die Pixel der Aufnahme und der Befundtext werden an {address} gesendet. Ihr Kopf, mit dem Namen des Patienten, bleibt auf diesem Rechner. Der Server löscht beides nach dem Lauf. Stimmen Sie zu?</translation>
        </message>
        <message>
            <source>Connected: version {version}, checkpoint {checkpoint}.</source>
            <translation>Verbunden: Version {version}, Checkpoint {checkpoint}.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.session</name>
        <message>
            <source>Say under Settings whether the radiograph is mirrored, then press Apply again.</source>
            <translation>Geben Sie unter Einstellungen an, ob die Aufnahme gespiegelt ist, und drücken Sie dann wieder Anwenden.</translation>
        </message>
        <message>
            <source>Choose the side below the note, then press Apply again.</source>
            <translation>Wählen Sie unter dem Befundtext die Seite, und drücken Sie dann wieder Anwenden.</translation>
        </message>
        <message>
            <source>Press Apply to start it again.</source>
            <translation>Drücken Sie Anwenden, um ihn neu zu starten.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.slicer_pip</name>
        <message>
            <source>Install the extension PyTorch in the Extensions Manager first.</source>
            <translation>Installieren Sie zuerst die Erweiterung PyTorch im Extensions Manager.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.view_state</name>
        <message>
            <source>Everything that the network needs is installed.</source>
            <translation>Alles, was das Netz braucht, ist installiert.</translation>
        </message>
        <message>
            <source>Select a radiograph first.</source>
            <translation>Wählen Sie zuerst eine Aufnahme.</translation>
        </message>
        <message>
            <source>The maps are not kept in a saved scene. Press Apply to get them again.</source>
            <translation>Die Karten werden nicht mit der Szene gespeichert. Drücken Sie Anwenden, um sie wieder zu bekommen.</translation>
        </message>
        <message>
            <source>Not during a run.</source>
            <translation>Nicht, während gerechnet wird.</translation>
        </message>
        <message>
            <source>Install the packages of the network first, under Settings.</source>
            <translation>Installieren Sie zuerst die Pakete des Netzes, unter Einstellungen.</translation>
        </message>
        <message>
            <source>Not during an export.</source>
            <translation>Nicht während eines Exports.</translation>
        </message>
        <message>
            <source>The selected volume is not a radiograph: it has several slices, or is a map of a result.</source>
            <translation>Das gewählte Volumen ist keine Röntgenaufnahme: es hat mehrere Schichten oder ist die Karte eines Ergebnisses.</translation>
        </message>
        <message>
            <source>Enter the address of the server first, under Settings.</source>
            <translation>Geben Sie zuerst die Adresse des Servers ein, unter Einstellungen.</translation>
        </message>
        <message>
            <source>The output segmentation belongs to another radiograph. Choose another one.</source>
            <translation>Die Ausgabe-Segmentierung gehört zu einer anderen Aufnahme. Wählen Sie eine andere.</translation>
        </message>
        <message>
            <source>Write or paste a note first.</source>
            <translation>Schreiben oder fügen Sie zuerst einen Befundtext ein.</translation>
        </message>
        <message>
            <source>The note contradicts itself. Choose a side first.</source>
            <translation>Der Befundtext widerspricht sich. Wählen Sie zuerst eine Seite.</translation>
        </message>
        <message>
            <source>The note names nothing that can be outlined.</source>
            <translation>Der Befundtext nennt nichts, was umrissen werden kann.</translation>
        </message>
        <message>
            <source>Force stop</source>
            <translation>Beenden erzwingen</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>The note is being read; then the run begins.</source>
            <translation>Der Befundtext wird gelesen; dann geht es los.</translation>
        </message>
        <message>
            <source>Patient's right</source>
            <translation>Rechts des Patienten</translation>
        </message>
        <message>
            <source>Patient's left</source>
            <translation>Links des Patienten</translation>
        </message>
        <message>
            <source>right in the picture</source>
            <translation>rechts im Bild</translation>
        </message>
        <message>
            <source>left in the picture</source>
            <translation>links im Bild</translation>
        </message>
        <message>
            <source>Notes are read when the packages are installed.</source>
            <translation>Befundtexte werden gelesen, wenn die Pakete installiert sind.</translation>
        </message>
        <message>
            <source>Nothing written yet.</source>
            <translation>Noch nichts geschrieben.</translation>
        </message>
        <message>
            <source>1 statement not used</source>
            <translation>1 Aussage nicht genutzt</translation>
        </message>
        <message>
            <source>No result yet.</source>
            <translation>Noch kein Ergebnis.</translation>
        </message>
        <message>
            <source>The radiograph of this result was removed from the scene.</source>
            <translation>Die Aufnahme dieses Ergebnisses wurde aus der Szene entfernt.</translation>
        </message>
        <message>
            <source>not calibrated</source>
            <translation>nicht kalibriert</translation>
        </message>
        <message>
            <source>The sample comes with the installation, which is not complete yet.</source>
            <translation>Das Beispiel kommt mit der Installation, die noch nicht vollständig ist.</translation>
        </message>
        <message>
            <source>No note was run in this scene yet.</source>
            <translation>In dieser Szene wurde noch kein Befundtext benutzt.</translation>
        </message>
        <message>
            <source>While results are compared, each has a segmentation of its own.</source>
            <translation>Während Ergebnisse verglichen werden, hat jedes eine eigene Segmentierung.</translation>
        </message>
        <message>
            <source>Everything is installed.</source>
            <translation>Alles ist installiert.</translation>
        </message>
        <message>
            <source>This module has installed nothing.</source>
            <translation>Dieses Modul hat nichts installiert.</translation>
        </message>
        <message>
            <source>There is no result yet.</source>
            <translation>Es gibt noch kein Ergebnis.</translation>
        </message>
        <message>
            <source>The probability map was removed from the scene. Run again.</source>
            <translation>Die Wahrscheinlichkeitskarte wurde aus der Szene entfernt. Drücken Sie wieder Anwenden.</translation>
        </message>
        <message>
            <source>The radiograph has no DICOM header, so no DICOM-SEG can be made of it.</source>
            <translation>Die Aufnahme hat keinen DICOM-Kopf, also kann es kein DICOM-SEG von ihr geben.</translation>
        </message>
        <message>
            <source>The note is being read.</source>
            <translation>Der Befundtext wird gelesen.</translation>
        </message>
        <message>
            <source>The note cannot be read.</source>
            <translation>Der Befundtext kann nicht gelesen werden.</translation>
        </message>
        <message>
            <source>Canceling; the current phase is finished first.</source>
            <translation>Wird abgebrochen; der laufende Schritt wird noch beendet.</translation>
        </message>
        <message>
            <source>Unknown: the worker is not running.</source>
            <translation>Unbekannt: der Rechenprozess läuft nicht.</translation>
        </message>
        <message>
            <source>Reading the note...</source>
            <translation>Befundtext wird gelesen...</translation>
        </message>
        <message>
            <source>Unknown: the note cannot be read.</source>
            <translation>Unbekannt: der Befundtext kann nicht gelesen werden.</translation>
        </message>
        <message>
            <source>whole lung</source>
            <translation>ganze Lunge</translation>
        </message>
        <message>
            <source>Many words of the note are not understood.</source>
            <translation>Viele Wörter des Befundtexts werden nicht verstanden.</translation>
        </message>
        <message>
            <source>Nothing is outlined.</source>
            <translation>Nichts ist umrissen.</translation>
        </message>
        <message>
            <source>The network needs {count} Python packages, about 300 MB.</source>
            <translation>Das Netz braucht {count} Python-Pakete, etwa 300 MB.</translation>
        </message>
        <message>
            <source>Not installed yet: {names}.</source>
            <translation>Noch nicht installiert: {names}.</translation>
        </message>
        <message>
            <source>For a GPU: {names}, some gigabytes.</source>
            <translation>Für eine Grafikkarte: {names}, einige Gigabyte.</translation>
        </message>
        <message>
            <source>The server chooses it.</source>
            <translation>Das bestimmt der Server.</translation>
        </message>
        <message>
            <source>Enter the address of the server first.</source>
            <translation>Geben Sie zuerst die Adresse des Servers ein.</translation>
        </message>
        <message>
            <source>The network runs on this computer.</source>
            <translation>Das Netz rechnet auf diesem Rechner.</translation>
        </message>
        <message>
            <source>This scene does not say how the segmentation was made.</source>
            <translation>Diese Szene sagt nicht, wie die Segmentierung entstand.</translation>
        </message>
        <message>
            <source>{phase} - {seconds:.0f} s</source>
            <translation>{phase} - {seconds:.0f} s</translation>
        </message>
        <message>
            <source>upper zone</source>
            <translation>Oberfeld</translation>
        </message>
        <message>
            <source>middle zone</source>
            <translation>Mittelfeld</translation>
        </message>
        <message>
            <source>lower zone</source>
            <translation>Unterfeld</translation>
        </message>
        <message>
            <source>The note names no side, so both lungs are searched.</source>
            <translation>Der Befundtext nennt keine Seite, also werden beide Lungen durchsucht.</translation>
        </message>
        <message>
            <source>{words} ({reason})</source>
            <translation>{words} ({reason})</translation>
        </message>
        <message>
            <source>{count} statements not used</source>
            <translation>{count} Aussagen nicht genutzt</translation>
        </message>
        <message>
            <source>Compare: {disagreement}</source>
            <translation>Vergleichen: {disagreement}</translation>
        </message>
        <message>
            <source>{area:.1f} cm²</source>
            <translation>{area:.1f} cm²</translation>
        </message>
        <message>
            <source>added by hand</source>
            <translation>von Hand hinzugefügt</translation>
        </message>
        <message>
            <source>corrected</source>
            <translation>korrigiert</translation>
        </message>
        <message>
            <source>Nothing to outline.</source>
            <translation>Nichts zu umreißen.</translation>
        </message>
        <message>
            <source>{words} (not understood)</source>
            <translation>{words} (nicht verstanden)</translation>
        </message>
        <message>
            <source>Words that the network heard</source>
            <translation>Wörter, die das Netz gehört hat</translation>
        </message>
        <message>
            <source>Only in the prompt, with its own left and right: {words}</source>
            <translation>Nur im Prompt, mit dessen Links und Rechts: {words}</translation>
        </message>
        <message>
            <source>Found where the note says: {places}.</source>
            <translation>Gefunden, wo der Befundtext es sagt: {places}.</translation>
        </message>
        <message>
            <source>outlined at a threshold of {threshold:.2f}</source>
            <translation>umrissen mit dem Schwellenwert {threshold:.2f}</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.widget</name>
        <message>
            <source>Make a segment of this area, which you can correct.</source>
            <translation>Macht aus diesem Bereich ein Segment, das Sie korrigieren können.</translation>
        </message>
        <message>
            <source>Add as segment</source>
            <translation>Als Segment hinzufügen</translation>
        </message>
        <message>
            <source>Read the note from</source>
            <translation>Befundtext lesen aus</translation>
        </message>
        <message>
            <source>Text (*.txt);;All (*)</source>
            <translation>Text (*.txt);;Alle (*)</translation>
        </message>
        <message>
            <source>Send the radiograph</source>
            <translation>Die Aufnahme senden</translation>
        </message>
        <message>
            <source>Export to</source>
            <translation>Exportieren nach</translation>
        </message>
        <message>
            <source>Terms of the weights</source>
            <translation>Bedingungen der Gewichte</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Add as segment: {area}</source>
            <translation>Als Segment hinzufügen: {area}</translation>
        </message>
        <message>
            <source>Manual</source>
            <translation>Handbuch</translation>
        </message>
        <message>
            <source>The clipboard holds no text.</source>
            <translation>Die Zwischenablage enthält keinen Text.</translation>
        </message>
        <message>
            <source>Folder of wheels</source>
            <translation>Ordner mit Wheels</translation>
        </message>
        <message>
            <source>The installation failed.</source>
            <translation>Die Installation ist fehlgeschlagen.</translation>
        </message>
        <message>
            <source>Remove these packages from Slicer's Python?</source>
            <translation>Diese Pakete aus Slicers Python entfernen?</translation>
        </message>
        <message>
            <source>None</source>
            <translation>Keine</translation>
        </message>
        <message>
            <source>Earlier notes</source>
            <translation>Frühere Texte</translation>
        </message>
        <message>
            <source>DICOM (*.dcm)</source>
            <translation>DICOM (*.dcm)</translation>
        </message>
        <message>
            <source>Segmentation (*.seg.nrrd)</source>
            <translation>Segmentierung (*.seg.nrrd)</translation>
        </message>
        <message>
            <source>Picture (*.png)</source>
            <translation>Bild (*.png)</translation>
        </message>
        <message>
            <source>The packages cannot be removed.</source>
            <translation>Die Pakete können nicht entfernt werden.</translation>
        </message>
        <message>
            <source>Restart Slicer now? Newer versions of these packages were installed, and Slicer still uses the old.</source>
            <translation>Slicer jetzt neu starten? Neuere Versionen dieser Pakete wurden installiert, und Slicer benutzt noch die alten.</translation>
        </message>
        <message>
            <source>These packages will miss some of them:</source>
            <translation>Diesen Paketen werden einige davon fehlen:</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegModule.worker_process</name>
        <message>
            <source>The log under Settings says more.</source>
            <translation>Das Protokoll unter Einstellungen sagt mehr.</translation>
        </message>
        <message>
            <source>It does not start; see Settings.</source>
            <translation>Er startet nicht; siehe Einstellungen.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegDICOM</name>
        <message>
            <source>The radiograph of this segmentation is not in the DICOM database. Import it first.</source>
            <translation>Die Aufnahme dieser Segmentierung ist nicht in der DICOM-Datenbank. Importieren Sie sie zuerst.</translation>
        </message>
        <message>
            <source>Segmentation of a radiograph</source>
            <translation>Segmentierung einer Röntgenaufnahme</translation>
        </message>
        <message>
            <source>Outlines on a chest radiograph, placed on it by rows and columns</source>
            <translation>Umrisse auf einer Thoraxaufnahme, nach Zeilen und Spalten auf sie gelegt</translation>
        </message>
        <message>
            <source>A DICOM-SEG that refers to the radiograph by rows and columns</source>
            <translation>Ein DICOM-SEG, das sich nach Zeilen und Spalten auf die Aufnahme bezieht</translation>
        </message>
        <message>
            <source>Segmentation of a radiograph (DICOM)</source>
            <translation>Segmentierung einer Röntgenaufnahme (DICOM)</translation>
        </message>
        <message>
            <source>Reads and writes DICOM segmentations of chest radiographs. It has no panel.</source>
            <translation>Liest und schreibt DICOM-Segmentierungen von Thoraxaufnahmen. Es hat keine Bedienfläche.</translation>
        </message>
        <message>
            <source>DICOM-SEG is written by highdicom.</source>
            <translation>DICOM-SEG wird von highdicom geschrieben.</translation>
        </message>
        <message>
            <source>Segmentation</source>
            <translation>Segmentierung</translation>
        </message>
        <message>
            <source>The radiograph of this segmentation cannot be loaded.</source>
            <translation>Die Aufnahme dieser Segmentierung kann nicht geladen werden.</translation>
        </message>
        <message>
            <source>A later segmentation of this series corrects this one.</source>
            <translation>Eine spätere Segmentierung dieser Serie korrigiert diese.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegDICOMModule.exchange</name>
        <message>
            <source>The segmentation does not lie on a radiograph.</source>
            <translation>Die Segmentierung liegt nicht auf einer Röntgenaufnahme.</translation>
        </message>
        <message>
            <source>The radiograph did not come from the DICOM database.</source>
            <translation>Die Aufnahme kam nicht aus der DICOM-Datenbank.</translation>
        </message>
        <message>
            <source>Nothing is outlined.</source>
            <translation>Nichts ist umrissen.</translation>
        </message>
        <message>
            <source>The packages of CausalCLIPSeg are not installed.</source>
            <translation>Die Pakete von CausalCLIPSeg sind nicht installiert.</translation>
        </message>
        <message>
            <source>The radiograph was cropped or resampled, so the outlines do not fit it.</source>
            <translation>Die Aufnahme wurde zugeschnitten oder neu abgetastet, also passen die Umrisse nicht zu ihr.</translation>
        </message>
    </context>
    <context>
        <name>CausalCLIPSegLib.messages</name>
        <message>
            <source>This computer has too little memory for this at present; close other programs, or take a smaller image or a computer with more memory.</source>
            <translation>Dieser Rechner hat dafür zurzeit zu wenig Speicher; schließen Sie andere Programme, oder nehmen Sie ein kleineres Bild oder einen Rechner mit mehr Speicher.</translation>
        </message>
        <message>
            <source>Something unexpected went wrong ({kind}); --verbose tells more.</source>
            <translation>Etwas Unerwartetes ist schiefgegangen ({kind}); --verbose sagt mehr.</translation>
        </message>
        <message>
            <source>Set a radiograph first.</source>
            <translation>Geben Sie zuerst eine Aufnahme an.</translation>
        </message>
        <message>
            <source>The image that was handed over is not a radiograph: it has to be rows x columns of numbers.</source>
            <translation>Das übergebene Bild ist keine Röntgenaufnahme: es muss aus Zeilen x Spalten von Zahlen bestehen.</translation>
        </message>
        <message>
            <source>The image is upside down or on its side according to its directions; give the program an upright one.</source>
            <translation>Nach seinen Richtungen steht das Bild auf dem Kopf oder liegt auf der Seite; geben Sie ein aufrechtes an.</translation>
        </message>
        <message>
            <source>The window of the image has no width.</source>
            <translation>Das Fenster des Bildes hat keine Breite.</translation>
        </message>
        <message>
            <source>The file {file} with pixel values cannot be read.</source>
            <translation>Die Datei {file} mit Pixelwerten kann nicht gelesen werden.</translation>
        </message>
        <message>
            <source>The DICOM file that the image comes from cannot be read.</source>
            <translation>Die DICOM-Datei, aus der das Bild kommt, kann nicht gelesen werden.</translation>
        </message>
        <message>
            <source>This DICOM file holds several images; give it one radiograph.</source>
            <translation>Diese DICOM-Datei enthält mehrere Bilder; geben Sie eine Aufnahme an.</translation>
        </message>
        <message>
            <source>This DICOM file holds the raw signal of the detector ("For Processing"); export the processed image ("For Presentation") instead.</source>
            <translation>Diese DICOM-Datei enthält das Rohsignal des Detektors ("For Processing"); exportieren Sie stattdessen das verarbeitete Bild ("For Presentation").</translation>
        </message>
        <message>
            <source>This DICOM file does not say what it holds, but it has the header of a slice image.</source>
            <translation>Diese DICOM-Datei sagt nicht, was sie enthält, hat aber den Kopf eines Schichtbildes.</translation>
        </message>
        <message>
            <source>This DICOM file holds {content}, not a chest radiograph (CR or DX).</source>
            <translation>Diese DICOM-Datei enthält {content}, keine Thoraxaufnahme (CR oder DX).</translation>
        </message>
        <message>
            <source>The image in this DICOM file is of modality "{modality}", not CR or DX.</source>
            <translation>Das Bild in dieser DICOM-Datei hat die Modalität "{modality}", nicht CR oder DX.</translation>
        </message>
        <message>
            <source>This radiograph lies on its side; turn it upright in the viewer and export it again.</source>
            <translation>Diese Aufnahme liegt auf der Seite; drehen Sie sie im Betrachter aufrecht, und exportieren Sie sie neu.</translation>
        </message>
        <message>
            <source>This radiograph is upside down; turn it upright in the viewer and export it again.</source>
            <translation>Diese Aufnahme steht auf dem Kopf; drehen Sie sie im Betrachter aufrecht, und exportieren Sie sie neu.</translation>
        </message>
        <message>
            <source>The header does not say what the image is; check that it is a chest radiograph.</source>
            <translation>Der Kopf sagt nicht, was das Bild ist; prüfen Sie, ob es eine Thoraxaufnahme ist.</translation>
        </message>
        <message>
            <source>The header does not rule out that a name is burned into the image; look before sharing it.</source>
            <translation>Der Kopf schließt nicht aus, dass ein Name ins Bild eingebrannt ist; sehen Sie nach, bevor Sie es weitergeben.</translation>
        </message>
        <message>
            <source>The header says that this is an animal; the program was trained on people.</source>
            <translation>Der Kopf sagt, dass dies ein Tier ist; das Programm wurde an Menschen trainiert.</translation>
        </message>
        <message>
            <source>The header names a body part other than the chest.</source>
            <translation>Der Kopf nennt eine andere Körperregion als den Thorax.</translation>
        </message>
        <message>
            <source>The header names a frontal and a lateral view; check that this is the frontal one.</source>
            <translation>Der Kopf nennt eine frontale und eine seitliche Projektion; prüfen Sie, ob dies die frontale ist.</translation>
        </message>
        <message>
            <source>The header says that the pixels are not square, so the picture is squeezed.</source>
            <translation>Der Kopf sagt, dass die Pixel nicht quadratisch sind; das Bild ist also gestaucht.</translation>
        </message>
        <message>
            <source>The header says that this is an oblique view; the program was trained on frontal views.</source>
            <translation>Der Kopf sagt, dass dies eine schräge Projektion ist; das Programm wurde an frontalen trainiert.</translation>
        </message>
        <message>
            <source>The header contradicts itself about black and white; check that bone is shown white.</source>
            <translation>Der Kopf widerspricht sich über Schwarz und Weiß; prüfen Sie, ob Knochen weiß sind.</translation>
        </message>
        <message>
            <source>The header contradicts its pixels about their bits; check that the image looks right.</source>
            <translation>Der Kopf widerspricht den Pixeln über deren Bits; prüfen Sie, ob das Bild richtig aussieht.</translation>
        </message>
        <message>
            <source>The pixels of this DICOM file are damaged or do not fit its header.</source>
            <translation>Die Pixel dieser DICOM-Datei sind beschädigt oder passen nicht zu ihrem Kopf.</translation>
        </message>
        <message>
            <source>The file holds more bytes than its image needs; check that the image is complete.</source>
            <translation>Die Datei enthält mehr Bytes, als ihr Bild braucht; prüfen Sie, ob das Bild vollständig ist.</translation>
        </message>
        <message>
            <source>The pixels of this DICOM file are floating-point numbers; a radiograph has integers.</source>
            <translation>Die Pixel dieser DICOM-Datei sind Gleitkommazahlen; eine Röntgenaufnahme hat ganze Zahlen.</translation>
        </message>
        <message>
            <source>This DICOM file holds no image, or its image was cut off.</source>
            <translation>Diese DICOM-Datei enthält kein Bild, oder ihr Bild wurde abgeschnitten.</translation>
        </message>
        <message>
            <source>This DICOM file holds no image.</source>
            <translation>Diese DICOM-Datei enthält kein Bild.</translation>
        </message>
        <message>
            <source>This DICOM file stores its pixels in a way that the program does not read.</source>
            <translation>Diese DICOM-Datei speichert ihre Pixel auf eine Art, die das Programm nicht liest.</translation>
        </message>
        <message>
            <source>This DICOM file does not say whether small pixel values are black or white.</source>
            <translation>Diese DICOM-Datei sagt nicht, ob kleine Pixelwerte schwarz oder weiß sind.</translation>
        </message>
        <message>
            <source>The header of this DICOM file contradicts itself about the size or bits of its image.</source>
            <translation>Der Kopf dieser DICOM-Datei widerspricht sich über die Größe oder die Bits ihres Bildes.</translation>
        </message>
        <message>
            <source>The pixels of this DICOM file are indices into a palette, but it holds no palette.</source>
            <translation>Die Pixel dieser DICOM-Datei verweisen auf eine Palette, aber sie enthält keine.</translation>
        </message>
        <message>
            <source>The display window of the header does not show the image, so the gray levels were stretched instead.</source>
            <translation>Das Fenster des Kopfes zeigt das Bild nicht, daher wurden stattdessen die Graustufen gespreizt.</translation>
        </message>
        <message>
            <source>The header of this DICOM file is longer than the header of any radiograph.</source>
            <translation>Der Kopf dieser DICOM-Datei ist länger als der jeder Röntgenaufnahme.</translation>
        </message>
        <message>
            <source>The header of this DICOM file has more parts than the header of any radiograph.</source>
            <translation>Der Kopf dieser DICOM-Datei hat mehr Teile als der jeder Röntgenaufnahme.</translation>
        </message>
        <message>
            <source>This DICOM file unpacks to more than any radiograph holds; it is probably damaged.</source>
            <translation>Diese DICOM-Datei wird entpackt größer als jede Röntgenaufnahme; sie ist wahrscheinlich beschädigt.</translation>
        </message>
        <message>
            <source>This is a folder; choose an image file.</source>
            <translation>Das ist ein Ordner; bitte wählen Sie eine Bilddatei.</translation>
        </message>
        <message>
            <source>There is no such file.</source>
            <translation>Es gibt keine solche Datei.</translation>
        </message>
        <message>
            <source>The file cannot be opened: you have no permission to read it.</source>
            <translation>Die Datei kann nicht geöffnet werden: Sie dürfen sie nicht lesen.</translation>
        </message>
        <message>
            <source>The file cannot be opened: {reason}.</source>
            <translation>Die Datei kann nicht geöffnet werden: {reason}.</translation>
        </message>
        <message>
            <source>The file is empty.</source>
            <translation>Die Datei ist leer.</translation>
        </message>
        <message>
            <source>The file is too large for a radiograph.</source>
            <translation>Die Datei ist zu groß für eine Röntgenaufnahme.</translation>
        </message>
        <message>
            <source>The image has no contrast: all its pixels are equally bright.</source>
            <translation>Das Bild hat keinen Kontrast: alle seine Pixel sind gleich hell.</translation>
        </message>
        <message>
            <source>A part of the image is in color, such as text or a watermark; the program works on its gray.</source>
            <translation>Ein Teil des Bildes ist farbig, etwa Schrift oder ein Wasserzeichen; das Programm arbeitet mit dessen Grau.</translation>
        </message>
        <message>
            <source>The image has a tint of color, as from a scanner; the program works on its gray.</source>
            <translation>Das Bild hat einen Farbstich, wie von einem Scanner; das Programm arbeitet mit dessen Grau.</translation>
        </message>
        <message>
            <source>The image is in color; a radiograph is gray.</source>
            <translation>Das Bild ist farbig; eine Röntgenaufnahme ist grau.</translation>
        </message>
        <message>
            <source>The image is too small for a radiograph: {columns} x {rows} pixels, at least {limit} are needed on each side.</source>
            <translation>Das Bild ist zu klein für eine Röntgenaufnahme: {columns} x {rows} Pixel, nötig sind auf jeder Seite mindestens {limit}.</translation>
        </message>
        <message>
            <source>The image claims to have {columns} x {rows} pixels, more than any radiograph has; the file is probably damaged.</source>
            <translation>Das Bild gibt {columns} x {rows} Pixel an, mehr als jede Röntgenaufnahme; die Datei ist wahrscheinlich beschädigt.</translation>
        </message>
        <message>
            <source>The image has {columns} x {rows} pixels in color or of more than 16 bits; an image of this size is read only in gray of 8 or 16 bits.</source>
            <translation>Das Bild hat {columns} x {rows} Pixel in Farbe oder mit mehr als 16 Bit; ein so großes Bild wird nur in Grau mit 8 oder 16 Bit gelesen.</translation>
        </message>
        <message>
            <source>The file states two different orientations; check that the image is upright and not mirrored.</source>
            <translation>Die Datei nennt zwei verschiedene Ausrichtungen; prüfen Sie, ob das Bild aufrecht und nicht gespiegelt ist.</translation>
        </message>
        <message>
            <source>The header of this NIfTI file does not say where its pixels are.</source>
            <translation>Der Kopf dieser NIfTI-Datei sagt nicht, wo ihre Pixel sind.</translation>
        </message>
        <message>
            <source>The header of this NIfTI file contradicts itself about its size.</source>
            <translation>Der Kopf dieser NIfTI-Datei widerspricht sich über ihre Größe.</translation>
        </message>
        <message>
            <source>The file is incomplete: it ends before the last pixel.</source>
            <translation>Die Datei ist unvollständig: sie endet vor dem letzten Pixel.</translation>
        </message>
        <message>
            <source>This NRRD file stores its values in a way that is not read; save it with gzip or raw.</source>
            <translation>Diese NRRD-Datei speichert ihre Werte auf eine Art, die nicht gelesen wird; speichern Sie sie mit gzip oder raw.</translation>
        </message>
        <message>
            <source>The file is not an NRRD file.</source>
            <translation>Die Datei ist keine NRRD-Datei.</translation>
        </message>
        <message>
            <source>This NRRD file keeps its values in another file; save it as one file.</source>
            <translation>Diese NRRD-Datei hat ihre Werte in einer anderen Datei; speichern Sie sie als eine Datei.</translation>
        </message>
        <message>
            <source>This NRRD file stores its values in a way that is not read; save it again in one file.</source>
            <translation>Diese NRRD-Datei speichert ihre Werte auf eine Art, die nicht gelesen wird; speichern Sie sie noch einmal in einer Datei.</translation>
        </message>
        <message>
            <source>The header of this NRRD file contradicts itself about its size.</source>
            <translation>Der Kopf dieser NRRD-Datei widerspricht sich über ihre Größe.</translation>
        </message>
        <message>
            <source>This NRRD file writes its values as text, which is read only for smaller images.</source>
            <translation>Diese NRRD-Datei schreibt ihre Werte als Text, was nur bei kleineren Bildern gelesen wird.</translation>
        </message>
        <message>
            <source>This NRRD file has values that its type cannot hold.</source>
            <translation>Diese NRRD-Datei hat Werte, die ihr Typ nicht fasst.</translation>
        </message>
        <message>
            <source>This file holds a segmentation; give it the radiograph that was segmented.</source>
            <translation>Diese Datei enthält eine Segmentierung; geben Sie die Aufnahme an, die segmentiert wurde.</translation>
        </message>
        <message>
            <source>The file holds complex numbers; a radiograph has levels of gray.</source>
            <translation>Die Datei enthält komplexe Zahlen; eine Röntgenaufnahme hat Graustufen.</translation>
        </message>
        <message>
            <source>The file does not say which side of the image is the patient's right; check that the image is upright and not mirrored.</source>
            <translation>Die Datei sagt nicht, welche Seite des Bildes die rechte des Patienten ist; prüfen Sie, ob das Bild aufrecht und nicht gespiegelt ist.</translation>
        </message>
        <message>
            <source>The file does not say which edge of the image is the head; it was turned upside down, because it looks that way; check this, and that it is not mirrored.</source>
            <translation>Die Datei sagt nicht, an welchem Rand des Bildes der Kopf ist; es wurde umgedreht, weil es danach aussieht; prüfen Sie das, und ob es nicht gespiegelt ist.</translation>
        </message>
        <message>
            <source>The file says that the image lies at an angle; check that it is upright and not mirrored.</source>
            <translation>Die Datei sagt, dass das Bild schräg liegt; prüfen Sie, ob es aufrecht und nicht gespiegelt ist.</translation>
        </message>
        <message>
            <source>The image looks upside down, although the file says that it is upright; check this.</source>
            <translation>Das Bild sieht aus, als stünde es auf dem Kopf, obwohl die Datei es aufrecht nennt; prüfen Sie das.</translation>
        </message>
        <message>
            <source>The file says that this is a lateral view; the program works on frontal chest radiographs.</source>
            <translation>Die Datei sagt, dass dies eine seitliche Projektion ist; das Programm arbeitet mit frontalen Thoraxaufnahmen.</translation>
        </message>
        <message>
            <source>The image has only a few levels of gray, like a mask or a drawing; check that it is the radiograph.</source>
            <translation>Das Bild hat nur wenige Graustufen, wie eine Maske oder eine Zeichnung; prüfen Sie, ob es die Aufnahme ist.</translation>
        </message>
        <message>
            <source>The header of this radiograph says that it is mirrored, with the patient's right on the right of the image.</source>
            <translation>Der Kopf dieser Aufnahme sagt, dass sie gespiegelt ist, mit der rechten Seite des Patienten rechts im Bild.</translation>
        </message>
        <message>
            <source>The file holds several images; give it one radiograph.</source>
            <translation>Die Datei enthält mehrere Bilder; geben Sie eine Aufnahme an.</translation>
        </message>
        <message>
            <source>The image is black and white without any gray; a radiograph has levels of gray.</source>
            <translation>Das Bild ist schwarz-weiß ohne Grau; eine Röntgenaufnahme hat Graustufen.</translation>
        </message>
        <message>
            <source>This BMP image is compressed, which the program does not read; save it as PNG.</source>
            <translation>Dieses BMP-Bild ist komprimiert, was das Programm nicht liest; speichern Sie es als PNG.</translation>
        </message>
        <message>
            <source>The image has more pixels than any radiograph; it is probably damaged.</source>
            <translation>Das Bild hat mehr Pixel als jede Röntgenaufnahme; es ist wahrscheinlich beschädigt.</translation>
        </message>
        <message>
            <source>The image is stored in more passes than any radiograph; it is damaged.</source>
            <translation>Das Bild ist in mehr Durchgängen gespeichert als jede Röntgenaufnahme; es ist beschädigt.</translation>
        </message>
        <message>
            <source>The file is damaged, incomplete or of a variety that the program does not read.</source>
            <translation>Die Datei ist beschädigt, unvollständig oder von einer Art, die das Programm nicht liest.</translation>
        </message>
        <message>
            <source>The file is {kind}; the program reads {formats} files.</source>
            <translation>Die Datei ist {kind}; das Programm liest Dateien in {formats}.</translation>
        </message>
        <message>
            <source>The file holds a volume or several images; give it one radiograph.</source>
            <translation>Die Datei enthält ein Volumen oder mehrere Bilder; geben Sie eine Aufnahme an.</translation>
        </message>
        <message>
            <source>The file holds no image, only a line or a point.</source>
            <translation>Die Datei enthält kein Bild, nur eine Linie oder einen Punkt.</translation>
        </message>
        <message>
            <source>The file holds values of a kind that the program does not read.</source>
            <translation>Die Datei enthält Werte einer Art, die das Programm nicht liest.</translation>
        </message>
        <message>
            <source>The file holds several values for each pixel; a radiograph holds one.</source>
            <translation>Die Datei enthält mehrere Werte für jedes Pixel; eine Röntgenaufnahme hat einen.</translation>
        </message>
        <message>
            <source>The pixel spacing in the header cannot be that of a chest radiograph, so areas are not in mm².</source>
            <translation>Der Pixelabstand im Kopf kann nicht der einer Thoraxaufnahme sein, daher sind Flächen nicht in mm².</translation>
        </message>
        <message>
            <source>The file holds further, smaller images; the largest was read. Another program may show another one, where the segmentation would not fit.</source>
            <translation>Die Datei enthält weitere, kleinere Bilder; das größte wurde gelesen. Ein anderes Programm zeigt vielleicht ein anderes, zu dem die Segmentierung nicht passt.</translation>
        </message>
        <message>
            <source>This TIFF image stores its pixels in a way that the program does not read.</source>
            <translation>Dieses TIFF-Bild speichert seine Pixel auf eine Art, die das Programm nicht liest.</translation>
        </message>
        <message>
            <source>This is a lateral view; the program works on frontal chest radiographs.</source>
            <translation>Dies ist eine seitliche Projektion; das Programm arbeitet mit frontalen Thoraxaufnahmen.</translation>
        </message>
        <message>
            <source>The note names no finding that can be outlined.</source>
            <translation>Der Befundtext nennt keinen Befund, der umrissen werden kann.</translation>
        </message>
        <message>
            <source>The {kind} {path} is longer than {limit} characters.</source>
            <translation>{kind} {path}: länger als {limit} Zeichen.</translation>
        </message>
        <message>
            <source>The {kind} {path} is not plain text in {encodings}.</source>
            <translation>{kind} {path}: kein reiner Text in {encodings}.</translation>
        </message>
        <message>
            <source>The {kind} {path} is empty.</source>
            <translation>{kind} {path}: leer.</translation>
        </message>
        <message>
            <source>The {kind} {path} cannot be read: {reason}.</source>
            <translation>{kind} {path}: kann nicht gelesen werden: {reason}.</translation>
        </message>
        <message>
            <source>The language of the note is not recognized; notes can be in {languages}.</source>
            <translation>Die Sprache des Befundtexts wird nicht erkannt; möglich sind {languages}.</translation>
        </message>
        <message>
            <source>The note is in {script} letters; notes can be in {languages}.</source>
            <translation>Der Befundtext ist in dieser Schrift: {script}; möglich sind {languages}.</translation>
        </message>
        <message>
            <source>The note seems to be {name}; notes can be in {languages}.</source>
            <translation>Der Befundtext scheint in dieser Sprache zu sein: {name}; möglich sind {languages}.</translation>
        </message>
        <message>
            <source>There is no lexicon of the language '{language}', only of {known}.</source>
            <translation>Für die Sprache '{language}' gibt es kein Lexikon, nur für {known}.</translation>
        </message>
        <message>
            <source>The note is {name} without a report; give the text of the report.</source>
            <translation>Der Befundtext ist {name} ohne Bericht; geben Sie den Text des Berichts an.</translation>
        </message>
        <message>
            <source>The note is a JSON document; give the text of the report.</source>
            <translation>Der Befundtext ist ein JSON-Dokument; geben Sie den Text des Berichts an.</translation>
        </message>
        <message>
            <source>The note is longer than {limit} characters; give the part that describes the lungs.</source>
            <translation>Der Befundtext ist länger als {limit} Zeichen; geben Sie den Teil an, der die Lungen beschreibt.</translation>
        </message>
        <message>
            <source>The note is empty.</source>
            <translation>Der Befundtext ist leer.</translation>
        </message>
        <message>
            <source>Many words of the note are not understood; the outline is less sure.</source>
            <translation>Viele Wörter des Befundtexts werden nicht verstanden; der Umriss ist weniger sicher.</translation>
        </message>
        <message>
            <source>The note names no side, so both lungs were searched; the outline is less sure.</source>
            <translation>Der Befundtext nennt keine Seite, daher wurden beide Lungen durchsucht; der Umriss ist weniger sicher.</translation>
        </message>
        <message>
            <source>The note does not name the patient's {side} lung, which was chosen.</source>
            <translation>Der Befundtext nennt die gewählte Seite des Patienten nicht: {side}.</translation>
        </message>
        <message>
            <source>The findings name the patient's {described} lung ({finding}), but the conclusion names the {concluded} lung ({conclusion}): which side is meant?</source>
            <translation>Die Befunde nennen für den Patienten {described} ({finding}), die Beurteilung aber {concluded} ({conclusion}): welche Seite ist gemeint?</translation>
        </message>
        <message>
            <source>There is no checkpoint “{checkpoint}”; available: {known}.</source>
            <translation>Es gibt keinen Checkpoint „{checkpoint}“; vorhanden: {known}.</translation>
        </message>
        <message>
            <source>The checkpoint “{checkpoint}” has no {file}, which describes it, so it is not used.</source>
            <translation>Dem Checkpoint „{checkpoint}“ fehlt {file}, die ihn beschreibt, daher wird er nicht benutzt.</translation>
        </message>
        <message>
            <source>The card of the checkpoint “{checkpoint}” is damaged or incomplete.</source>
            <translation>Die Karte des Checkpoints „{checkpoint}“ ist beschädigt oder unvollständig.</translation>
        </message>
        <message>
            <source>The checkpoint “{checkpoint}” lacks its {kind} ({name}).</source>
            <translation>Dem Checkpoint „{checkpoint}“ fehlt: {kind} ({name}).</translation>
        </message>
        <message>
            <source>The {kind} of the checkpoint “{checkpoint}” are larger than any ({name}).</source>
            <translation>Checkpoint „{checkpoint}“: {kind} größer als alle bekannten ({name}).</translation>
        </message>
        <message>
            <source>The {kind} of the checkpoint “{checkpoint}” do not match its card; the file {name} may be damaged.</source>
            <translation>Checkpoint „{checkpoint}“: {kind} passen nicht zu seiner Karte; die Datei {name} ist vielleicht beschädigt.</translation>
        </message>
        <message>
            <source>The weights of the checkpoint “{checkpoint}” are damaged: they are incomplete or hold values that are no numbers.</source>
            <translation>Die Gewichte des Checkpoints „{checkpoint}“ sind beschädigt: sie sind unvollständig oder enthalten Werte, die keine Zahlen sind.</translation>
        </message>
        <message>
            <source>ONNX Runtime runs on the CPU; choose the engine “torch” or “auto” for a GPU.</source>
            <translation>ONNX Runtime läuft auf dem Prozessor; wählen Sie für eine Grafikkarte die Engine „torch“ oder „auto“.</translation>
        </message>
        <message>
            <source>The graph {name} of the checkpoint “{checkpoint}” cannot be loaded.</source>
            <translation>Der Graph {name} des Checkpoints „{checkpoint}“ kann nicht geladen werden.</translation>
        </message>
        <message>
            <source>The weights of the checkpoint “{checkpoint}” do not fit its network.</source>
            <translation>Die Gewichte des Checkpoints „{checkpoint}“ passen nicht zu seinem Netz.</translation>
        </message>
        <message>
            <source>The GPU has too little free memory; running on the CPU instead.</source>
            <translation>Die Grafikkarte hat zu wenig freien Speicher; stattdessen rechnet der Prozessor.</translation>
        </message>
        <message>
            <source>Checkpoints do not know the word “{word}”; prompts are made of: {words}.</source>
            <translation>Checkpoints kennen das Wort „{word}“ nicht; Prompts bestehen aus: {words}.</translation>
        </message>
        <message>
            <source>The checkpoint does not know all words of the prompt “{prompt}”.</source>
            <translation>Der Checkpoint kennt nicht alle Wörter des Prompts „{prompt}“.</translation>
        </message>
        <message>
            <source>The network of the checkpoint “{checkpoint}” returns values that are no probabilities, so nothing can be outlined with it.</source>
            <translation>Das Netz des Checkpoints „{checkpoint}“ liefert Werte, die keine Wahrscheinlichkeiten sind, also kann damit nichts umrissen werden.</translation>
        </message>
        <message>
            <source>PyTorch is not installed; choose the engine “onnx” or “auto”, or install causalclipseg[torch].</source>
            <translation>PyTorch ist nicht installiert; wählen Sie die Engine „onnx“ oder „auto“, oder installieren Sie causalclipseg[torch].</translation>
        </message>
        <message>
            <source>No CUDA GPU can be used here; choose the device “cpu” or “auto”.</source>
            <translation>Hier kann keine CUDA-Grafikkarte benutzt werden; wählen Sie das Gerät „cpu“ oder „auto“.</translation>
        </message>
        <message>
            <source>No CUDA GPU can be used here; choose the device “cpu” or “auto” (for a GPU, install causalclipseg[torch]).</source>
            <translation>Hier kann keine CUDA-Grafikkarte benutzt werden; wählen Sie das Gerät „cpu“ oder „auto“ (für eine Grafikkarte installieren Sie causalclipseg[torch]).</translation>
        </message>
        <message>
            <source>The checkpoint “{checkpoint}” has no graphs for ONNX Runtime; to use it, install causalclipseg[torch].</source>
            <translation>Der Checkpoint „{checkpoint}“ hat keine Graphen für ONNX Runtime; um ihn zu benutzen, installieren Sie causalclipseg[torch].</translation>
        </message>
        <message>
            <source>{folder} already holds the result of an earlier run: {files}.</source>
            <translation>{folder} enthält schon das Ergebnis eines früheren Laufs: {files}.</translation>
        </message>
        <message>
            <source>{path} exists already; --force replaces it.</source>
            <translation>{path} gibt es schon; --force ersetzt es.</translation>
        </message>
        <message>
            <source>The result cannot be written to {target}: {file} is a file, not a folder.</source>
            <translation>Das Ergebnis kann nicht nach {target} geschrieben werden: {file} ist eine Datei, kein Ordner.</translation>
        </message>
        <message>
            <source>The result cannot be written to {target}: it is a file, not a folder.</source>
            <translation>Das Ergebnis kann nicht nach {target} geschrieben werden: das ist eine Datei, kein Ordner.</translation>
        </message>
        <message>
            <source>{path} is a folder; give the name of a file.</source>
            <translation>{path} ist ein Ordner; geben Sie den Namen einer Datei an.</translation>
        </message>
        <message>
            <source>The result cannot be written to {target}: {reason}.</source>
            <translation>Das Ergebnis kann nicht nach {target} geschrieben werden: {reason}.</translation>
        </message>
        <message>
            <source>Another run is writing {target}; wait until it has ended, or choose another.</source>
            <translation>Ein anderer Lauf schreibt {target}; warten Sie, bis er zu Ende ist, oder wählen Sie ein anderes Ziel.</translation>
        </message>
        <message>
            <source>{path} cannot be written: {reason}.</source>
            <translation>{path} kann nicht geschrieben werden: {reason}.</translation>
        </message>
        <message>
            <source>{percent} % of the outline lies in a lung that the note does not name.</source>
            <translation>{percent} % des Umrisses liegen in einer Lunge, die der Befundtext nicht nennt.</translation>
        </message>
        <message>
            <source>{path} is empty.</source>
            <translation>{path} ist leer.</translation>
        </message>
        <message>
            <source>{path} is too large for a {kind}.</source>
            <translation>{path} ist zu groß ({kind}).</translation>
        </message>
        <message>
            <source>{path} is a folder; give the name of a {kind}.</source>
            <translation>{path} ist ein Ordner; geben Sie den Namen einer Datei an ({kind}).</translation>
        </message>
        <message>
            <source>There is no file {path}.</source>
            <translation>Es gibt keine Datei {path}.</translation>
        </message>
        <message>
            <source>{path} cannot be opened: you have no permission to read it.</source>
            <translation>{path} kann nicht geöffnet werden: Sie dürfen es nicht lesen.</translation>
        </message>
        <message>
            <source>The {kind} cannot be opened: {reason}.</source>
            <translation>{kind}: die Datei kann nicht geöffnet werden: {reason}.</translation>
        </message>
        <message>
            <source>The outlines in this DICOM-SEG are damaged or do not fit its header.</source>
            <translation>Die Umrisse in diesem DICOM-SEG sind beschädigt oder passen nicht zu seinem Kopf.</translation>
        </message>
        <message>
            <source>The file is not a DICOM file, or its beginning is missing.</source>
            <translation>Die Datei ist keine DICOM-Datei, oder ihr Anfang fehlt.</translation>
        </message>
        <message>
            <source>The header of this DICOM file is longer than that of a radiograph's outlines.</source>
            <translation>Der Kopf dieser DICOM-Datei ist länger als der der Umrisse einer Röntgenaufnahme.</translation>
        </message>
        <message>
            <source>The outlines in this DICOM-SEG are compressed, or stored in an unknown way.</source>
            <translation>Die Umrisse in diesem DICOM-SEG sind komprimiert oder auf unbekannte Art gespeichert.</translation>
        </message>
        <message>
            <source>This DICOM-SEG holds no outlines, or its header is damaged.</source>
            <translation>Dieses DICOM-SEG enthält keine Umrisse, oder sein Kopf ist beschädigt.</translation>
        </message>
        <message>
            <source>This DICOM file holds {content}, not a segmentation.</source>
            <translation>Diese DICOM-Datei enthält {content}, keine Segmentierung.</translation>
        </message>
        <message>
            <source>This DICOM-SEG holds probabilities, not outlines.</source>
            <translation>Dieses DICOM-SEG enthält Wahrscheinlichkeiten, keine Umrisse.</translation>
        </message>
        <message>
            <source>The header of this DICOM-SEG contradicts itself about how its outlines are stored.</source>
            <translation>Der Kopf dieses DICOM-SEG widerspricht sich darüber, wie seine Umrisse gespeichert sind.</translation>
        </message>
        <message>
            <source>This DICOM-SEG holds no outlines.</source>
            <translation>Dieses DICOM-SEG enthält keine Umrisse.</translation>
        </message>
        <message>
            <source>This DICOM-SEG claims more pixels than any radiograph has; it is probably damaged.</source>
            <translation>Dieses DICOM-SEG gibt mehr Pixel an als jede Röntgenaufnahme; es ist wahrscheinlich beschädigt.</translation>
        </message>
        <message>
            <source>This DICOM-SEG describes no segment.</source>
            <translation>Dieses DICOM-SEG beschreibt kein Segment.</translation>
        </message>
        <message>
            <source>This DICOM-SEG holds more segments than a radiograph can have.</source>
            <translation>Dieses DICOM-SEG enthält mehr Segmente, als eine Röntgenaufnahme haben kann.</translation>
        </message>
        <message>
            <source>This DICOM-SEG refers to several pictures, not to one radiograph.</source>
            <translation>Dieses DICOM-SEG bezieht sich auf mehrere Bilder, nicht auf eine Aufnahme.</translation>
        </message>
        <message>
            <source>The segments in this DICOM-SEG are numbered inconsistently.</source>
            <translation>Die Segmente in diesem DICOM-SEG sind widersprüchlich nummeriert.</translation>
        </message>
        <message>
            <source>This DICOM-SEG outlines something that it does not describe.</source>
            <translation>Dieses DICOM-SEG umreißt etwas, das es nicht beschreibt.</translation>
        </message>
        <message>
            <source>This DICOM-SEG does not say which segment an outline belongs to.</source>
            <translation>Dieses DICOM-SEG sagt nicht, zu welchem Segment ein Umriss gehört.</translation>
        </message>
        <message>
            <source>This DICOM-SEG does not say what its segments are.</source>
            <translation>Dieses DICOM-SEG sagt nicht, was seine Segmente sind.</translation>
        </message>
        <message>
            <source>This DICOM-SEG lacks what identifies it or its radiograph ({keyword}).</source>
            <translation>Diesem DICOM-SEG fehlt, was es oder seine Aufnahme identifiziert ({keyword}).</translation>
        </message>
        <message>
            <source>The file is damaged, incomplete or not a DICOM-SEG.</source>
            <translation>Die Datei ist beschädigt, unvollständig oder kein DICOM-SEG.</translation>
        </message>
        <message>
            <source>Nothing is outlined, and a DICOM-SEG needs at least one segment.</source>
            <translation>Nichts ist umrissen, und ein DICOM-SEG braucht mindestens ein Segment.</translation>
        </message>
        <message>
            <source>A DICOM-SEG cannot hold some of the values of this segmentation.</source>
            <translation>Ein DICOM-SEG kann einige Werte dieser Segmentierung nicht aufnehmen.</translation>
        </message>
        <message>
            <source>The outlines have {columns} x {rows} pixels, the radiograph has {radiograph_columns} x {radiograph_rows}.</source>
            <translation>Die Umrisse haben {columns} x {rows} Pixel, die Aufnahme hat {radiograph_columns} x {radiograph_rows}.</translation>
        </message>
        <message>
            <source>Two segments of the earlier segmentation share an identifier.</source>
            <translation>Zwei Segmente der früheren Segmentierung haben dieselbe Kennung.</translation>
        </message>
        <message>
            <source>A corrected outline has another size than the earlier segmentation.</source>
            <translation>Ein korrigierter Umriss hat eine andere Größe als die frühere Segmentierung.</translation>
        </message>
        <message>
            <source>A corrected segmentation needs the name of its editor, at most 64 characters.</source>
            <translation>Eine korrigierte Segmentierung braucht den Namen ihres Bearbeiters, höchstens 64 Zeichen.</translation>
        </message>
        <message>
            <source>No segment is left; empty the outlines instead of removing all segments.</source>
            <translation>Kein Segment ist übrig; leeren Sie die Umrisse, statt alle Segmente zu entfernen.</translation>
        </message>
        <message>
            <source>The segmentation belongs to another radiograph than the one that it replaces.</source>
            <translation>Die Segmentierung gehört zu einer anderen Aufnahme als die, die sie ersetzt.</translation>
        </message>
        <message>
            <source>The outlines are the same as before, so there is nothing to write.</source>
            <translation>Die Umrisse sind dieselben wie zuvor, also gibt es nichts zu schreiben.</translation>
        </message>
        <message>
            <source>Two segments of the corrected file match the same earlier segment: {segment}.</source>
            <translation>Zwei Segmente der korrigierten Datei passen zum selben früheren Segment: {segment}.</translation>
        </message>
        <message>
            <source>The radiograph is not a DICOM file, so a DICOM-SEG has nothing to refer to.</source>
            <translation>Die Aufnahme ist keine DICOM-Datei, also kann sich ein DICOM-SEG auf nichts beziehen.</translation>
        </message>
        <message>
            <source>The header does not say which kind of radiograph it is, so a DICOM-SEG cannot refer to it.</source>
            <translation>Der Kopf sagt nicht, welche Art von Aufnahme es ist, also kann sich ein DICOM-SEG nicht auf sie beziehen.</translation>
        </message>
        <message>
            <source>Nothing is outlined, so no DICOM-SEG is written.</source>
            <translation>Nichts ist umrissen, also wird kein DICOM-SEG geschrieben.</translation>
        </message>
        <message>
            <source>The radiograph has no usable {keyword}, so a DICOM-SEG cannot refer to it.</source>
            <translation>Die Aufnahme hat keine brauchbare {keyword}, also kann sich ein DICOM-SEG nicht auf sie beziehen.</translation>
        </message>
        <message>
            <source>The segmentation does not say which radiograph it belongs to.</source>
            <translation>Die Segmentierung sagt nicht, zu welcher Aufnahme sie gehört.</translation>
        </message>
        <message>
            <source>The segmentation belongs to another radiograph than this one.</source>
            <translation>Die Segmentierung gehört zu einer anderen Aufnahme als dieser.</translation>
        </message>
        <message>
            <source>The header of the radiograph does not say how large its picture is.</source>
            <translation>Der Kopf der Aufnahme sagt nicht, wie groß ihr Bild ist.</translation>
        </message>
        <message>
            <source>The picture is too small for a radiograph: {columns} x {rows} pixels.</source>
            <translation>Das Bild ist zu klein für eine Röntgenaufnahme: {columns} x {rows} Pixel.</translation>
        </message>
        <message>
            <source>The image is damaged or not a DICOM file.</source>
            <translation>Das Bild ist beschädigt oder keine DICOM-Datei.</translation>
        </message>
        <message>
            <source>{path} is not a DICOM image, so no segmentation can refer to it.</source>
            <translation>{path} ist kein DICOM-Bild, also kann sich keine Segmentierung darauf beziehen.</translation>
        </message>
        <message>
            <source>The network gives no map {map}.</source>
            <translation>Das Netz liefert diese Karte nicht: {map}.</translation>
        </message>
        <message>
            <source>The segmentation has another size than the radiograph.</source>
            <translation>Die Segmentierung hat eine andere Größe als die Aufnahme.</translation>
        </message>
        <message>
            <source>The mask has another size than the radiograph.</source>
            <translation>Die Maske hat eine andere Größe als die Aufnahme.</translation>
        </message>
        <message>
            <source>There is no segment “{segment}” that takes a mask.</source>
            <translation>Es gibt kein Segment „{segment}“, das eine Maske aufnimmt.</translation>
        </message>
        <message>
            <source>There is no segment “{segment}”.</source>
            <translation>Es gibt kein Segment „{segment}“.</translation>
        </message>
        <message>
            <source>The segmentation has a segment “{segment}” already.</source>
            <translation>Die Segmentierung hat schon ein Segment „{segment}“.</translation>
        </message>
        <message>
            <source>The volume is not one picture.</source>
            <translation>Das Volumen ist nicht ein einzelnes Bild.</translation>
        </message>
        <message>
            <source>The result belongs to another radiograph: its size differs.</source>
            <translation>Das Ergebnis gehört zu einer anderen Aufnahme: seine Größe weicht ab.</translation>
        </message>
        <message>
            <source>The segment cannot be resampled to the radiograph.</source>
            <translation>Das Segment kann nicht auf die Aufnahme umgerechnet werden.</translation>
        </message>
        <message>
            <source>The worker has ended.</source>
            <translation>Der Rechenprozess ist zu Ende.</translation>
        </message>
        <message>
            <source>The worker's output is not readable.</source>
            <translation>Die Ausgabe des Rechenprozesses ist nicht lesbar.</translation>
        </message>
        <message>
            <source>The worker does not start.</source>
            <translation>Der Rechenprozess startet nicht.</translation>
        </message>
        <message>
            <source>The worker has an older version ({version}); install the current one.</source>
            <translation>Der Rechenprozess hat eine ältere Version ({version}); installieren Sie die aktuelle.</translation>
        </message>
        <message>
            <source>The worker does not answer.</source>
            <translation>Der Rechenprozess antwortet nicht.</translation>
        </message>
        <message>
            <source>The worker was ended.</source>
            <translation>Der Rechenprozess wurde beendet.</translation>
        </message>
        <message>
            <source>A request with the id {request} has not ended yet.</source>
            <translation>Eine Anfrage mit der Kennung {request} ist noch nicht zu Ende.</translation>
        </message>
        <message>
            <source>{number} requests are waiting already; the request {request} was not taken.</source>
            <translation>{number} Anfragen warten schon; die Anfrage {request} wurde nicht angenommen.</translation>
        </message>
        <message>
            <source>The file {file} does not hold a probability map of this program.</source>
            <translation>Die Datei {file} enthält keine Wahrscheinlichkeitskarte dieses Programms.</translation>
        </message>
        <message>
            <source>The mask of the segment “{segment}” does not hold numbers.</source>
            <translation>Die Maske des Segments „{segment}“ enthält keine Zahlen.</translation>
        </message>
        <message>
            <source>The segment “{segment}” belongs to another radiograph: its size differs.</source>
            <translation>Das Segment „{segment}“ gehört zu einer anderen Aufnahme: seine Größe weicht ab.</translation>
        </message>
        <message>
            <source>The probability map belongs to another radiograph: its size differs.</source>
            <translation>Die Wahrscheinlichkeitskarte gehört zu einer anderen Aufnahme: ihre Größe weicht ab.</translation>
        </message>
        <message>
            <source>The request is not understood.</source>
            <translation>Die Anfrage wird nicht verstanden.</translation>
        </message>
        <message>
            <source>The line is longer than {bytes} bytes and was not read.</source>
            <translation>Die Zeile ist länger als {bytes} Bytes und wurde nicht gelesen.</translation>
        </message>
        <message>
            <source>The worker has ended unexpectedly.</source>
            <translation>Der Rechenprozess ist unerwartet zu Ende gegangen.</translation>
        </message>
        <message>
            <source>The worker has ended unexpectedly. {sentence}</source>
            <translation>Der Rechenprozess ist unerwartet zu Ende gegangen. {sentence}</translation>
        </message>
        <message>
            <source>The libraries that the network needs cannot be loaded. {sentence}</source>
            <translation>Die Bibliotheken, die das Netz braucht, können nicht geladen werden. {sentence}</translation>
        </message>
        <message>
            <source>The request is not understood: {detail}.</source>
            <translation>Die Anfrage wird nicht verstanden: {detail}.</translation>
        </message>
        <message>
            <source>No server answers at this address; check the address, and whether the server runs.</source>
            <translation>Unter dieser Adresse antwortet kein Server; prüfen Sie die Adresse, und ob der Server läuft.</translation>
        </message>
        <message>
            <source>The server's certificate is not trusted; ask its administrator for the certificate to trust.</source>
            <translation>Dem Zertifikat des Servers wird nicht vertraut; fragen Sie dessen Betreuer nach dem Zertifikat, dem zu vertrauen ist.</translation>
        </message>
        <message>
            <source>Something answers at this address, but it is no CausalCLIPSeg server.</source>
            <translation>Unter dieser Adresse antwortet etwas, aber es ist kein CausalCLIPSeg-Server.</translation>
        </message>
        <message>
            <source>The connection to the server was cut; try again.</source>
            <translation>Die Verbindung zum Server wurde unterbrochen; versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The address begins with http://, so the key and the radiograph could be read on the way; use https://.</source>
            <translation>Die Adresse beginnt mit http://, also könnten Schlüssel und Aufnahme unterwegs mitgelesen werden; nehmen Sie https://.</translation>
        </message>
        <message>
            <source>This is no address of a server; one looks like https://server.example.org:8443.</source>
            <translation>Das ist keine Adresse eines Servers; eine sieht so aus: https://server.example.org:8443.</translation>
        </message>
        <message>
            <source>The server has another version than this program; update the older one.</source>
            <translation>Der Server hat eine andere Version als dieses Programm; aktualisieren Sie das ältere.</translation>
        </message>
        <message>
            <source>The server has another version ({version}) than this program; update the older one.</source>
            <translation>Der Server hat eine andere Version ({version}) als dieses Programm; aktualisieren Sie das ältere.</translation>
        </message>
        <message>
            <source>The run was canceled.</source>
            <translation>Der Lauf wurde abgebrochen.</translation>
        </message>
        <message>
            <source>The image cannot be read: {reason}.</source>
            <translation>Das Bild kann nicht gelesen werden: {reason}.</translation>
        </message>
        <message>
            <source>A server reads left and right of a note as the patient's; choose this under Settings.</source>
            <translation>Ein Server liest links und rechts eines Befundtexts als die des Patienten; wählen Sie das unter Einstellungen.</translation>
        </message>
        <message>
            <source>The server answered with a picture of another size.</source>
            <translation>Der Server hat mit einem Bild anderer Größe geantwortet.</translation>
        </message>
        <message>
            <source>This is not a key of this server, or the server was started again.</source>
            <translation>Das ist kein Schlüssel dieses Servers, oder der Server wurde neu gestartet.</translation>
        </message>
        <message>
            <source>This server needs a key.</source>
            <translation>Dieser Server braucht einen Schlüssel.</translation>
        </message>
        <message>
            <source>There were too many wrong keys; wait a minute.</source>
            <translation>Es gab zu viele falsche Schlüssel; warten Sie eine Minute.</translation>
        </message>
        <message>
            <source>The server is busy: {number} requests are waiting already; try again in a few seconds.</source>
            <translation>Der Server ist beschäftigt: {number} Anfragen warten schon; versuchen Sie es in einigen Sekunden noch einmal.</translation>
        </message>
        <message>
            <source>The server is busy; try again.</source>
            <translation>Der Server ist beschäftigt; versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The server is just starting; try again.</source>
            <translation>Der Server startet gerade; versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The process that outlines the radiograph has ended unexpectedly; try again.</source>
            <translation>Der Prozess, der die Aufnahme umreißt, ist unerwartet zu Ende gegangen; versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>This took longer than {seconds} seconds and was stopped.</source>
            <translation>Das dauerte länger als {seconds} Sekunden und wurde beendet.</translation>
        </message>
        <message>
            <source>Too many people use the server; try again later.</source>
            <translation>Zu viele Personen benutzen den Server; versuchen Sie es später noch einmal.</translation>
        </message>
        <message>
            <source>This session has ended, or the server was started again; open the radiograph again.</source>
            <translation>Diese Sitzung ist zu Ende, oder der Server wurde neu gestartet; öffnen Sie die Aufnahme noch einmal.</translation>
        </message>
        <message>
            <source>This session has {number} runs that have not ended; wait for one, or cancel one.</source>
            <translation>Diese Sitzung hat {number} Läufe, die nicht zu Ende sind; warten Sie auf einen, oder brechen Sie einen ab.</translation>
        </message>
        <message>
            <source>The file is larger than {size} MB, which is the most that this server takes.</source>
            <translation>Die Datei ist größer als {size} MB, mehr nimmt dieser Server nicht an.</translation>
        </message>
        <message>
            <source>The image has {columns} x {rows} pixels; this server takes at most {limit} million pixels.</source>
            <translation>Das Bild hat {columns} x {rows} Pixel; dieser Server nimmt höchstens {limit} Millionen Pixel an.</translation>
        </message>
        <message>
            <source>Reading the image took longer than {seconds} seconds and was stopped.</source>
            <translation>Das Lesen des Bildes dauerte länger als {seconds} Sekunden und wurde beendet.</translation>
        </message>
        <message>
            <source>The server has no room for this now; try again later.</source>
            <translation>Der Server hat dafür jetzt keinen Platz; versuchen Sie es später noch einmal.</translation>
        </message>
        <message>
            <source>Something unexpected went wrong on the server.</source>
            <translation>Auf dem Server ist etwas Unerwartetes schiefgegangen.</translation>
        </message>
        <message>
            <source>This server does not have the name that was used; see --hostname in docs/serve-it.md.</source>
            <translation>Dieser Server hat nicht den benutzten Namen; siehe --hostname in docs/serve-it.md.</translation>
        </message>
        <message>
            <source>Note: {place}. Something there reaches the threshold (highest probability {probability}).</source>
            <translation>Befundtext: {place}. Dort erreicht etwas den Schwellenwert (höchste Wahrscheinlichkeit {probability}).</translation>
        </message>
        <message>
            <source>Note: {place}. Something there reaches the threshold (highest probability {probability}, calibrated {percent} %).</source>
            <translation>Befundtext: {place}. Dort erreicht etwas den Schwellenwert (höchste Wahrscheinlichkeit {probability}, kalibriert {percent} %).</translation>
        </message>
        <message>
            <source>Note: {place}. Nothing there reaches the threshold (highest probability {probability}).</source>
            <translation>Befundtext: {place}. Dort erreicht nichts den Schwellenwert (höchste Wahrscheinlichkeit {probability}).</translation>
        </message>
        <message>
            <source>Note: {place}. Nothing there reaches the threshold (highest probability {probability}, calibrated {percent} %).</source>
            <translation>Befundtext: {place}. Dort erreicht nichts den Schwellenwert (höchste Wahrscheinlichkeit {probability}, kalibriert {percent} %).</translation>
        </message>
        <message>
            <source>Not in the note: {place} (highest probability {probability}).</source>
            <translation>Nicht im Befundtext: {place} (höchste Wahrscheinlichkeit {probability}).</translation>
        </message>
        <message>
            <source>Not in the note: {place}, which the note calls clear (highest probability {probability}).</source>
            <translation>Nicht im Befundtext: {place}, laut Befundtext frei (höchste Wahrscheinlichkeit {probability}).</translation>
        </message>
        <message>
            <source>The note says {named}, the outline is empty.</source>
            <translation>Der Befundtext sagt: {named}; der Umriss ist leer.</translation>
        </message>
        <message>
            <source>The note names nothing to outline, but the outline is {outlined}.</source>
            <translation>Der Befundtext nennt nichts zu umreißen, der Umriss liegt aber: {outlined}.</translation>
        </message>
        <message>
            <source>The note says {named}, the outline is {outlined}.</source>
            <translation>Der Befundtext sagt: {named}; der Umriss liegt: {outlined}.</translation>
        </message>
        <message>
            <source>On the {side} the note says {named}, the outline is {outlined}.</source>
            <translation>Auf dieser Seite: {side} sagt der Befundtext {named}; der Umriss liegt: {outlined}.</translation>
        </message>
        <message>
            <source>The note says one area, the outline has {found}.</source>
            <translation>Der Befundtext sagt: ein Bereich; der Umriss hat: {found}.</translation>
        </message>
        <message>
            <source>The note says {number} areas, the outline has {found}.</source>
            <translation>Der Befundtext sagt: {number} Bereiche; der Umriss hat: {found}.</translation>
        </message>
        <message>
            <source>Probability</source>
            <translation>Wahrscheinlichkeit</translation>
        </message>
        <message>
            <source>Causal attention</source>
            <translation>Kausale Aufmerksamkeit</translation>
        </message>
        <message>
            <source>Confounder map</source>
            <translation>Confounder-Karte</translation>
        </message>
        <message>
            <source>Patches of interest</source>
            <translation>Beachtete Bildfelder</translation>
        </message>
        <message>
            <source>How probable the network finds it that a pixel belongs to the finding. Only this map says where the finding is.</source>
            <translation>Für wie wahrscheinlich das Netz es hält, dass ein Pixel zum Befund gehört. Nur diese Karte sagt, wo der Befund ist.</translation>
        </message>
        <message>
            <source>A look inside the network, not an explanation. Its values lie close together; they show neither where the finding is nor what the network relies on.</source>
            <translation>Ein Blick in das Netz, keine Erklärung. Die Werte liegen dicht beieinander; sie zeigen weder, wo der Befund ist, noch, worauf sich das Netz stützt.</translation>
        </message>
        <message>
            <source>The complement of the causal attention. It shows neither where the finding is nor what the network relies on.</source>
            <translation>Das Gegenstück der kausalen Aufmerksamkeit. Sie zeigt weder, wo der Befund ist, noch, worauf sich das Netz stützt.</translation>
        </message>
        <message>
            <source>The weight that the network gives each patch of the radiograph; 1 is an even share. They show a part of what the network relies on, and do not outline the finding.</source>
            <translation>Das Gewicht, das das Netz jedem Bildfeld gibt; 1 ist ein gleicher Anteil. Die Bildfelder zeigen einen Teil dessen, worauf sich das Netz stützt, und umreißen den Befund nicht.</translation>
        </message>
        <message>
            <source>The share of the network's interest that each word gets. The shares say little: words for the place get small ones, although the outline follows them.</source>
            <translation>Der Anteil am Interesse des Netzes, den jedes Wort bekommt. Die Anteile sagen wenig: Wörter für den Ort bekommen kleine, obwohl die Kontur ihnen folgt.</translation>
        </message>
        <message>
            <source>Loading the libraries</source>
            <translation>Bibliotheken werden geladen</translation>
        </message>
        <message>
            <source>Loading the checkpoint</source>
            <translation>Checkpoint wird geladen</translation>
        </message>
        <message>
            <source>Reading the radiograph</source>
            <translation>Aufnahme wird gelesen</translation>
        </message>
        <message>
            <source>Reading the segments</source>
            <translation>Segmente werden gelesen</translation>
        </message>
        <message>
            <source>Understanding the note</source>
            <translation>Befundtext wird verstanden</translation>
        </message>
        <message>
            <source>Searching the radiograph</source>
            <translation>Aufnahme wird durchsucht</translation>
        </message>
        <message>
            <source>Writing the result</source>
            <translation>Ergebnis wird geschrieben</translation>
        </message>
        <message>
            <source>Writing the files</source>
            <translation>Dateien werden geschrieben</translation>
        </message>
        <message>
            <source>Applying the threshold</source>
            <translation>Schwellenwert wird angewandt</translation>
        </message>
        <message>
            <source>Connecting to the server</source>
            <translation>Verbindung zum Server</translation>
        </message>
        <message>
            <source>Sending the radiograph</source>
            <translation>Aufnahme wird gesendet</translation>
        </message>
        <message>
            <source>Waiting for the server</source>
            <translation>Warten auf den Server</translation>
        </message>
        <message>
            <source>Fetching the result</source>
            <translation>Ergebnis wird geholt</translation>
        </message>
        <message>
            <source>outside what the model outlines</source>
            <translation>außerhalb dessen, was das Modell umreißt</translation>
        </message>
        <message>
            <source>described as absent</source>
            <translation>als nicht vorhanden beschrieben</translation>
        </message>
        <message>
            <source>describes the past</source>
            <translation>beschreibt die Vergangenheit</translation>
        </message>
        <message>
            <source>describes another person</source>
            <translation>beschreibt eine andere Person</translation>
        </message>
        <message>
            <source>only considered, as in advice</source>
            <translation>nur erwogen, wie in einem Rat</translation>
        </message>
        <message>
            <source>described as normal</source>
            <translation>als normal beschrieben</translation>
        </message>
        <message>
            <source>described as spared</source>
            <translation>als ausgespart beschrieben</translation>
        </message>
        <message>
            <source>under a heading that does not describe this radiograph</source>
            <translation>unter einer Überschrift, die diese Aufnahme nicht beschreibt</translation>
        </message>
        <message>
            <source>belongs to no finding</source>
            <translation>gehört zu keinem Befund</translation>
        </message>
        <message>
            <source>names no finding and no place</source>
            <translation>nennt keinen Befund und keinen Ort</translation>
        </message>
        <message>
            <source>another finding; outline it by a note of its own</source>
            <translation>ein anderer Befund; beschreiben Sie ihn für sich allein</translation>
        </message>
        <message>
            <source>right</source>
            <translation>rechts</translation>
        </message>
        <message>
            <source>left</source>
            <translation>links</translation>
        </message>
        <message>
            <source>on both sides</source>
            <translation>auf beiden Seiten</translation>
        </message>
        <message>
            <source>right and left</source>
            <translation>rechts und links</translation>
        </message>
        <message>
            <source>right lung</source>
            <translation>rechte Lunge</translation>
        </message>
        <message>
            <source>right upper zone</source>
            <translation>rechtes Oberfeld</translation>
        </message>
        <message>
            <source>right middle zone</source>
            <translation>rechtes Mittelfeld</translation>
        </message>
        <message>
            <source>right lower zone</source>
            <translation>rechtes Unterfeld</translation>
        </message>
        <message>
            <source>right upper and middle zones</source>
            <translation>rechtes Ober- und Mittelfeld</translation>
        </message>
        <message>
            <source>right upper and lower zones</source>
            <translation>rechtes Ober- und Unterfeld</translation>
        </message>
        <message>
            <source>right middle and lower zones</source>
            <translation>rechtes Mittel- und Unterfeld</translation>
        </message>
        <message>
            <source>left lung</source>
            <translation>linke Lunge</translation>
        </message>
        <message>
            <source>left upper zone</source>
            <translation>linkes Oberfeld</translation>
        </message>
        <message>
            <source>left middle zone</source>
            <translation>linkes Mittelfeld</translation>
        </message>
        <message>
            <source>left lower zone</source>
            <translation>linkes Unterfeld</translation>
        </message>
        <message>
            <source>left upper and middle zones</source>
            <translation>linkes Ober- und Mittelfeld</translation>
        </message>
        <message>
            <source>left upper and lower zones</source>
            <translation>linkes Ober- und Unterfeld</translation>
        </message>
        <message>
            <source>left middle and lower zones</source>
            <translation>linkes Mittel- und Unterfeld</translation>
        </message>
        <message>
            <source>upper</source>
            <translation>oben</translation>
        </message>
        <message>
            <source>middle</source>
            <translation>Mitte</translation>
        </message>
        <message>
            <source>lower</source>
            <translation>unten</translation>
        </message>
        <message>
            <source>upper and middle</source>
            <translation>oben und Mitte</translation>
        </message>
        <message>
            <source>upper and lower</source>
            <translation>oben und unten</translation>
        </message>
        <message>
            <source>middle and lower</source>
            <translation>Mitte und unten</translation>
        </message>
        <message>
            <source>the whole lung</source>
            <translation>die ganze Lunge</translation>
        </message>
        <message>
            <source>no</source>
            <translation>keiner</translation>
        </message>
        <message>
            <source>one</source>
            <translation>einer</translation>
        </message>
        <message>
            <source>two</source>
            <translation>zwei</translation>
        </message>
        <message>
            <source>three</source>
            <translation>drei</translation>
        </message>
        <message>
            <source>four</source>
            <translation>vier</translation>
        </message>
        <message>
            <source>five</source>
            <translation>fünf</translation>
        </message>
        <message>
            <source>six</source>
            <translation>sechs</translation>
        </message>
        <message>
            <source>weights</source>
            <translation>Gewichte</translation>
        </message>
        <message>
            <source>graphs</source>
            <translation>Graphen</translation>
        </message>
        <message>
            <source>note file</source>
            <translation>Datei mit Befundtext</translation>
        </message>
        <message>
            <source>DICOM image</source>
            <translation>DICOM-Bild</translation>
        </message>
        <message>
            <source>another kind of object</source>
            <translation>ein anderes Objekt</translation>
        </message>
        <message>
            <source>a PDF document</source>
            <translation>ein PDF-Dokument</translation>
        </message>
        <message>
            <source>a ZIP archive or an office document</source>
            <translation>ein ZIP-Archiv oder ein Office-Dokument</translation>
        </message>
        <message>
            <source>a GIF image</source>
            <translation>ein GIF-Bild</translation>
        </message>
        <message>
            <source>an audio or video file</source>
            <translation>eine Audio- oder Videodatei</translation>
        </message>
        <message>
            <source>a JPEG 2000 image</source>
            <translation>ein JPEG-2000-Bild</translation>
        </message>
        <message>
            <source>a MetaImage</source>
            <translation>ein MetaImage</translation>
        </message>
        <message>
            <source>an HDF5 file</source>
            <translation>eine HDF5-Datei</translation>
        </message>
        <message>
            <source>the header of a NIfTI image whose pixels are in another file; save it as one .nii file</source>
            <translation>der Kopf eines NIfTI-Bildes, dessen Pixel in einer anderen Datei liegen; speichern Sie es als eine .nii-Datei</translation>
        </message>
        <message>
            <source>a text file</source>
            <translation>eine Textdatei</translation>
        </message>
        <message>
            <source>of a kind that the program does not know</source>
            <translation>von einer Art, die das Programm nicht kennt</translation>
        </message>
        <message>
            <source>DICOM, PNG, JPEG, TIFF, WebP, BMP, NRRD or NIfTI</source>
            <translation>DICOM, PNG, JPEG, TIFF, WebP, BMP, NRRD oder NIfTI</translation>
        </message>
        <message>
            <source>an HL7 message</source>
            <translation>eine HL7-Nachricht</translation>
        </message>
        <message>
            <source>an RTF document</source>
            <translation>ein RTF-Dokument</translation>
        </message>
        <message>
            <source>an HTML or XML document</source>
            <translation>ein HTML- oder XML-Dokument</translation>
        </message>
        <message>
            <source>UTF-8, UTF-16 or Windows-1252</source>
            <translation>UTF-8, UTF-16 oder Windows-1252</translation>
        </message>
        <message>
            <source>it is a folder</source>
            <translation>es ist ein Ordner</translation>
        </message>
        <message>
            <source>it is a pipe, a socket or a device, not a regular file</source>
            <translation>es ist eine Pipe, ein Socket oder ein Gerät, keine normale Datei</translation>
        </message>
        <message>
            <source>its name contains a character that no file name can contain</source>
            <translation>der Name enthält ein Zeichen, das kein Dateiname enthalten kann</translation>
        </message>
        <message>
            <source>there is no such file</source>
            <translation>es gibt keine solche Datei</translation>
        </message>
        <message>
            <source>its name is too long</source>
            <translation>der Name ist zu lang</translation>
        </message>
        <message>
            <source>its name cannot be used</source>
            <translation>der Name kann nicht benutzt werden</translation>
        </message>
        <message>
            <source>the system reports an error</source>
            <translation>das System meldet einen Fehler</translation>
        </message>
        <message>
            <source>permission denied</source>
            <translation>keine Berechtigung</translation>
        </message>
        <message>
            <source>no space left on device</source>
            <translation>kein Platz mehr auf dem Datenträger</translation>
        </message>
        <message>
            <source>no such file or directory</source>
            <translation>Datei oder Ordner nicht gefunden</translation>
        </message>
        <message>
            <source>file name too long</source>
            <translation>Dateiname zu lang</translation>
        </message>
        <message>
            <source>read-only file system</source>
            <translation>der Datenträger ist nur lesbar</translation>
        </message>
        <message>
            <source>disk quota exceeded</source>
            <translation>Speicherkontingent überschritten</translation>
        </message>
        <message>
            <source>input/output error</source>
            <translation>Eingabe-/Ausgabefehler</translation>
        </message>
        <message>
            <source>is a directory</source>
            <translation>ist ein Ordner</translation>
        </message>
        <message>
            <source>not a directory</source>
            <translation>ist kein Ordner</translation>
        </message>
        <message>
            <source>operation not permitted</source>
            <translation>nicht erlaubt</translation>
        </message>
        <message>
            <source>English</source>
            <translation>Englisch</translation>
        </message>
        <message>
            <source>German</source>
            <translation>Deutsch</translation>
        </message>
        <message>
            <source>Spanish</source>
            <translation>Spanisch</translation>
        </message>
        <message>
            <source>French</source>
            <translation>Französisch</translation>
        </message>
        <message>
            <source>Dutch</source>
            <translation>Niederländisch</translation>
        </message>
        <message>
            <source>Italian</source>
            <translation>Italienisch</translation>
        </message>
        <message>
            <source>Portuguese</source>
            <translation>Portugiesisch</translation>
        </message>
        <message>
            <source>Polish</source>
            <translation>Polnisch</translation>
        </message>
        <message>
            <source>Swedish</source>
            <translation>Schwedisch</translation>
        </message>
        <message>
            <source>Danish</source>
            <translation>Dänisch</translation>
        </message>
        <message>
            <source>Norwegian</source>
            <translation>Norwegisch</translation>
        </message>
        <message>
            <source>Finnish</source>
            <translation>Finnisch</translation>
        </message>
        <message>
            <source>Czech</source>
            <translation>Tschechisch</translation>
        </message>
        <message>
            <source>Turkish</source>
            <translation>Türkisch</translation>
        </message>
        <message>
            <source>Romanian</source>
            <translation>Rumänisch</translation>
        </message>
        <message>
            <source>Hungarian</source>
            <translation>Ungarisch</translation>
        </message>
        <message>
            <source>Japanese</source>
            <translation>Japanisch</translation>
        </message>
        <message>
            <source>Korean</source>
            <translation>Koreanisch</translation>
        </message>
        <message>
            <source>Chinese or Japanese</source>
            <translation>Chinesisch oder Japanisch</translation>
        </message>
        <message>
            <source>English, German and Spanish</source>
            <translation>Englisch, Deutsch und Spanisch</translation>
        </message>
    </context>
</TS>
