# The macros that a scripted extension calls.
set(EXTENSION_NAME ${PROJECT_NAME})
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR ${Slicer_QTSCRIPTEDMODULES_LIB_DIR})
include(CTest)

function(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS OR NOT MY_NAME)
    message(FATAL_ERROR "slicerMacroBuildScriptedModule(): no NAME, or unknown keywords: ${MY_UNPARSED_ARGUMENTS}")
  endif()
  file(APPEND ${CMAKE_BINARY_DIR}/modules.txt
    "${CMAKE_CURRENT_SOURCE_DIR}|${MY_NAME}|${MY_SCRIPTS}|${MY_RESOURCES}\n")
  ctkMacroCompilePythonScript(
    TARGET_NAME ${MY_NAME}
    SCRIPTS "${MY_SCRIPTS}"
    RESOURCES "${MY_RESOURCES}"
    DESTINATION_DIR ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}
    INSTALL_DIR ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}
    NO_INSTALL_SUBDIR
    )
  if(BUILD_TESTING AND MY_WITH_GENERIC_TESTS)
    slicer_add_python_unittest(SCRIPT qSlicer${MY_NAME}ModuleGenericTest.py TESTNAME_PREFIX nomainwindow_)
  endif()
endfunction()

function(ctkMacroCompilePythonScript)
  cmake_parse_arguments(MY "NO_INSTALL_SUBDIR" "TARGET_NAME;SOURCE_DIR;DESTINATION_DIR;INSTALL_DIR" "SCRIPTS;RESOURCES"
    ${ARGN})
  foreach(name TARGET_NAME SCRIPTS DESTINATION_DIR INSTALL_DIR)
    if(NOT MY_${name})
      message(FATAL_ERROR "${name} is mandatory")
    endif()
  endforeach()
  if(NOT MY_SOURCE_DIR)
    set(MY_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  foreach(file ${MY_SCRIPTS} ${MY_RESOURCES})
    configure_file(${MY_SOURCE_DIR}/${file} ${MY_DESTINATION_DIR}/${file} COPYONLY)  # fails if the file is missing
  endforeach()
  if(MY_NO_INSTALL_SUBDIR)
    string(APPEND MY_DESTINATION_DIR /)
  endif()
  install(DIRECTORY ${MY_DESTINATION_DIR} DESTINATION ${MY_INSTALL_DIR})
endfunction()

function(slicer_add_python_unittest)
  cmake_parse_arguments(MY "" "TESTNAME_PREFIX;SCRIPT" "SLICER_ARGS" ${ARGN})
  get_filename_component(name ${MY_SCRIPT} NAME_WE)
  add_test(NAME py_${MY_TESTNAME_PREFIX}${name} COMMAND Slicer ${name})
endfunction()
