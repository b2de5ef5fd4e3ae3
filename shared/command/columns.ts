import { cut, plain, widthOf } from './terminal.ts';

/** A column: its heading, whether figures stand in it, and whether its texts may be cut to fit. */
export interface Column {
  readonly name: string;
  readonly right?: boolean;
  readonly cuts?: boolean;
}

const GAP = '  ';
const LEAST_WIDTH = 10;

const pad = (cell: string, width: number, right = false) => {
  const blank = ' '.repeat(Math.max(0, width - widthOf(cell)));
  return right ? blank + cell : cell + blank;
};

/**
 * A table that fits the terminal: texts are cut as far as needed. Where that is not enough the rows are told one below the
 * other instead, whole, for ids are to be copied.
 * @param width columns of the terminal; undefined for no bound, as into a file
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  const cells = rows.map((row) => row.map(plain));
  const widths = columns.map(({ name }, at) =>
    Math.max(widthOf(name), ...cells.map((row) => widthOf(row[at]!))),
  );
  const total = () => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  while (width !== undefined && total() > width) {
    const [widest] = columns
      .flatMap(({ cuts }, at) => (cuts && widths[at]! > LEAST_WIDTH ? [at] : []))
      .sort((a, b) => widths[b]! - widths[a]!);
    if (widest === undefined) return oneBelowTheOther(columns, cells);
    widths[widest]!--;
  }
  const lines = [columns.map(({ name }) => name), ...cells].map((row) =>
    row
      .map((cell, at) => pad(cut(cell, widths[at]!), widths[at]!, columns[at]!.right))
      .join(GAP)
      .trimEnd(),
  );
  return lines.join('\n');
}

const oneBelowTheOther = (columns: readonly Column[], cells: readonly string[][]) =>
  cells.map((row) => fields(columns.map(({ name }, at) => [name.toLowerCase(), row[at]!]))).join('\n\n');

/** One thing: a line for each of its fields that says anything. */
export function fields(pairs: readonly (readonly [string, string | undefined])[]): string {
  const said = pairs.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
  const width = Math.max(...said.map(([name]) => widthOf(name)));
  return said.map(([name, value]) => `${pad(name, width)}${GAP}${plain(value)}`.trimEnd()).join('\n');
}
