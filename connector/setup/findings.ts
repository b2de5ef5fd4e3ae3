type Verdict = 'ok' | 'note' | 'FAIL';

/** What was looked at and how it was found, told as it comes: each in a line, under the name of its part. */
export class Findings {
  readonly #print: (line: string) => void;
  #failed = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** How many were not as they must be. */
  get failed(): number {
    return this.#failed;
  }

  ok(part: string, text: string): void {
    this.#tell('ok', part, text);
  }

  /** It works, and whoever runs it should know this. */
  note(part: string, text: string): void {
    this.#tell('note', part, text);
  }

  fail(part: string, text: string): void {
    this.#failed += 1;
    this.#tell('FAIL', part, text);
  }

  /** Tell the commands to type next. */
  tellNext(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#print(this.#failed > 0 ? '\nOnce what fails above is mended:' : '\nNext:');
    for (const line of lines) this.#print(`  ${line}`);
  }

  #tell(verdict: Verdict, part: string, text: string) {
    this.#print(`${verdict.padEnd(6)}${part.padEnd(10)}${text.replaceAll('\n', ' ')}`);
  }
}
