import { type Row, written } from './bench.ts';

/** What a benchmark found, or why it found nothing. */
export type Result = { readonly name: string } & (
  | { readonly rows: readonly Row[] }
  | { readonly failed: string }
  | { readonly leftOut: string }
);

const HEADINGS = ['bench', 'what', 'value', 'against', 'ratio', 'target', ''];

const VERDICTS = new Map([
  [true, 'ok'],
  [false, 'MISSED'],
]);

const cells = (name: string, { what, value, unit, against, ratio, target, ok }: Row): string[] => [
  name,
  what,
  written(value, unit),
  against ?? '',
  ratio === undefined ? '' : written(ratio, ''),
  target ?? '',
  VERDICTS.get(ok!) ?? '',
];

const linesOf = (result: Result): string[][] =>
  'rows' in result
    ? result.rows.map((row) => cells(result.name, row))
    : [[result.name, 'failed' in result ? `FAILED: ${result.failed}` : `left out: ${result.leftOut}`]];

/** All results as one table of text. */
export function table(results: readonly Result[]): string {
  const lines = [HEADINGS, ...results.flatMap(linesOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const [head, ...body] = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [head, widths.map((width) => '-'.repeat(width)).join('  '), ...body].join('\n');
}
