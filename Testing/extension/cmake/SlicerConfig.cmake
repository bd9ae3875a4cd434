# A stand-in for Slicer's build tree. It implements the macros that the extension calls, rejects what Slicer's own macros
# reject, records their arguments, and puts the files where a build and `cmake --install` of Slicer put them.
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/RecordExtension.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/RecordExtension.cmake)
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.12/qt-scripted-modules)
