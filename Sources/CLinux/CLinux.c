// SwiftPM wants one C file; everything is in the headers.
#include "CLinux.h"
