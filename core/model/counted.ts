/** How many of what, in words: one of them is in the singular. */
export const counted = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

export const countedProcesses = (number: number): string => counted(number, "process", "processes");
