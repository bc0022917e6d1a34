//! Gates: the rules that decide the verdict. Pure.
