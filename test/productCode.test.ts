import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** What runs for users: all rooms but those of tests and benchmarks. */
const ROOMS = ['cli', 'connector', 'functions', 'infra', 'local', 'operator', 'shared', 'widget'];

const sources = ROOMS.flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js)$/.test(name))
    .map((name) => ({ file: `${room}/${name}`, source: readFileSync(`${room}/${name}`, 'utf8') })),
);

/** Files with a match, but for the one where it belongs. */
const filesWith = (pattern: RegExp, home?: string) =>
  sources.filter(({ file, source }) => file !== home && pattern.test(source)).map(({ file }) => file);

describe('product code', () => {
  it('is looked at', () => {
    expect(sources.length).toBeGreaterThan(300);
  });

  it('writes files by writeWhole alone: aside, synced, renamed', () => {
    const writing =
      /\b(writeFile|writeFileSync|appendFile|appendFileSync|createWriteStream|copyFile|copyFileSync|cp|cpSync)\s*[(,]/;
    expect(filesWith(writing, 'shared/files.ts')).toEqual([]);
  });

  it('serves HTTP within limits of time', () => {
    const serving = filesWith(/\bcreateServer\(|from '@hono\/node-server';/);
    expect(serving).toContain('connector/main.ts');
    const unbounded = serving.filter((file) => {
      const { source } = sources.find((each) => each.file === file)!;
      return !source.includes('SERVER_LIMITS');
    });
    expect(unbounded).toEqual([]);
  });
});
