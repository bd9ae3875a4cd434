# Record the description of the extension, one variable per line.
set(lines)
foreach(name NAME HOMEPAGE CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  string(APPEND lines "${name}=${EXTENSION_${name}}\n")
endforeach()
file(WRITE ${CMAKE_BINARY_DIR}/extension.txt "${lines}")
