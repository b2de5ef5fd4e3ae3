import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Rooms that stand side by side: each imports shared and itself. */
const SIDE_BY_SIDE = ['functions', 'connector', 'operator', 'infra', 'cli', 'widget'];
/** Rooms that may import all, and that only they import. */
const AROUND = ['local', 'test', 'bench'];
const ROOMS = ['shared', ...SIDE_BY_SIDE, ...AROUND];

const mayImport = (from: string, to: string) =>
  AROUND.includes(from) || from === to || (to === 'shared' && SIDE_BY_SIDE.includes(from));

/** Each way to reach another file, with what stands before and after its path. */
const WAYS = {
  import: (path: string) => `import '${path}';`,
  'import type': (path: string) => `import type { T } from '${path}'; export type U = T;`,
  export: (path: string) => `export * from '${path}';`,
  'import()': (path: string) => `export const late = await import('${path}');`,
  'type import()': (path: string) => `export const t = {} as import('${path}').T;`,
  'require()': (path: string) => `export const r = createRequire(import.meta.url)('${path}');`,
};
const statementsOnly = ['import', 'import type', 'export'];

/** A file of a room, two folders deep or at its top, that reaches into another room. */
interface Case {
  file: string;
  text: string;
  refused: boolean;
}

const cases: Case[] = [];
for (const from of ROOMS) {
  for (const to of ROOMS) {
    for (const [way, write] of Object.entries(WAYS)) {
      // A room's own folders are reached by statements, too.
      const refused = !mayImport(from, to) || (!AROUND.includes(from) && !statementsOnly.includes(way));
      const name = `${to}-${way.replace(/\W+/g, '-')}.ts`;
      cases.push({ file: `${from}/${name}`, text: write(`../${to}/index.ts`), refused });
      cases.push({ file: `${from}/part/${name}`, text: write(`../../${to}/part/index.ts`), refused });
    }
  }
}

let dir: string;
/** The rules that each file broke. */
const broken = new Map<string, Set<string>>();

const lint = (...args: string[]) =>
  new Promise<string>((resolve) => {
    execFile(
      root('node_modules/.bin/biome'),
      ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json', ...args],
      { cwd: dir, maxBuffer: 64_000_000 },
      (_, out) => resolve(out),
    );
  });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ampjar-layers-'));
  for (const file of ['biome.json', 'layers.grit', 'query.grit']) await copyFile(root(file), join(dir, file));
  for (const { file, text } of cases) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), `${text}\n`);
  }
  const { diagnostics } = JSON.parse(await lint('.')) as {
    diagnostics: { category: string; severity: string; location: { path: string } }[];
  };
  for (const { category, severity, location } of diagnostics) {
    if (severity !== 'error') continue;
    broken.set(location.path, (broken.get(location.path) ?? new Set()).add(category));
  }
});

afterAll(() => rm(dir, { recursive: true }));

const isRefused = (file: string) =>
  ['lint/style/noRestrictedImports', 'plugin'].some((rule) => broken.get(file)?.has(rule));

describe('the layer rule', () => {
  it.each(ROOMS)('holds for each import in %s', (room) => {
    const found = cases.filter(({ file }) => file.startsWith(`${room}/`));
    expect(found.map(({ file, text }) => [text, isRefused(file)])).toEqual(
      found.map(({ text, refused }) => [text, refused]),
    );
  });

  it('lets packages and paths within a folder be named like a room', async () => {
    expect(cases.some(({ refused }) => refused)).toBe(true);
    await writeFile(join(dir, 'shared', 'good.ts'), "import 'lib/connector/x';\nimport './local/x.ts';\n");
    expect(JSON.parse(await lint('shared/good.ts')).diagnostics).toEqual([]);
  });
});

describe('a query', () => {
  it.each([
    ['functions/public/asked.ts', 'c.req.query("limit")', 1],
    ['functions/lnurl/asked.ts', 'c.req.queries()', 1],
    ['functions/realtime/asked.ts', 'queryValue(c.req, "after")', 0],
    ['functions/http/asked.ts', 'request.queries(name)', 0],
  ])('in %s, %s is refused %i times: queryValue refuses what is given twice', async (file, read, times) => {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), `export const value = ${read};\n`);
    expect(JSON.parse(await lint(file)).diagnostics).toHaveLength(times);
  });
});

describe('the type any', () => {
  it.each([
    ['shared/any.ts', 1],
    ['connector/booking.ts', 1],
    ['local/any.ts', 1],
    ['connector/lndGrpc.ts', 0],
  ])('in %s is refused %i times: it stands where shapes of gRPC are read', async (file, times) => {
    await writeFile(join(dir, file), 'export const raw: any = 1;\n');
    expect(JSON.parse(await lint(file)).diagnostics).toHaveLength(times);
  });
});
