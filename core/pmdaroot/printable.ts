/** Text from outside in a line of ours: names and paths may hold line breaks and worse. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f]/g, "?");
