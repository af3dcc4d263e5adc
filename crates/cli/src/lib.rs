//! The q binary: arguments, commands, the attached client
