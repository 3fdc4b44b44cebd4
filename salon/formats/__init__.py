"""How days and hours are written, where Django's own way does not fit."""
