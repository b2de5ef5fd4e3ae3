/** Whether a text of one line can be shown as someone's name for a thing: 1 to `most` characters, not all of them blank. */
export const isPrintable = (value: string, most: number): boolean =>
  value.trim() !== '' && [...value].length <= most && !/[\p{Cc}\p{Cs}]/u.test(value);

/** What {@link isPrintable} asks for, to end an error with. */
export const printable = (most: number) => `1 to ${most} printable characters`;
