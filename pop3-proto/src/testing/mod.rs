//! Sessions in words, for scripted dialogues.
