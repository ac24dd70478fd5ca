"""What the word-processing formats share: XML in events, style names, list numbers, tables, and paragraphs that become blocks."""
