"""Pretraining the encoder that ships: its words, its windows, its masks, its folder."""
