import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PRIVATE, PUBLIC, writeWhole } from '../../../shared/command/files.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-files-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('writeWhole', () => {
  it('leaves what was there or what is there now, whenever it is killed', async () => {
    const path = join(dir, 'key');
    const contents = ['a', 'b'].map((letter) => letter.repeat(50_000));
    writeFileSync(path, contents[0]!);
    const writing = `
      import { writeWhole } from '${new URL('../../../shared/command/files.ts', import.meta.url).href}';
      process.stdout.write('ready');
      for (;;) for (const letter of ['b', 'a']) await writeWhole(process.argv[1], letter.repeat(50_000), 0o600);`;
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', writing, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      while (readFileSync(path, 'utf8') === contents[0]) await setImmediate();
      for (let look = 0; look < 200; look++) expect(contents).toContain(readFileSync(path, 'utf8'));
      child.kill('SIGKILL');
      await once(child, 'close');
      expect(contents).toContain(readFileSync(path, 'utf8'));
      await writeWhole(path, contents[0]!, PRIVATE);
      expect(readdirSync(dir)).toEqual(['key']);
    }
  });

  it.each([PRIVATE, PUBLIC])('gives the mode %o, whatever it was and whatever the umask', async (mode) => {
    const path = join(dir, 'within', 'key');
    const before = process.umask(0o077);
    await writeWhole(path, 'a', mode).finally(() => process.umask(before));
    expect(statSync(path).mode & 0o777).toBe(mode);
    chmodSync(path, 0o640);
    writeFileSync(`${path}.new`, 'cut short', { mode: 0o644 });
    await writeWhole(path, 'b', mode);
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['b', mode]);
  });
});
