//! The control plane: starts, watches, changes, repairs and describes the stack.
