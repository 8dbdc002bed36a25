"""What generated pages share: palette, theme, bars, figures, tables and words."""
