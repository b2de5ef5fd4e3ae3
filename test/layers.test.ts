import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Which rooms a room may import from, itself apart. A function is imported by none: what two of them need is in a room of its own
 * beside them, or in shared.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  shared: [],
  'shared/browser': ['shared'],
  'functions/http': ['shared'],
  'functions/lambda': ['shared'],
  'functions/deliveries': ['shared'],
  'functions/realtime': ['shared'],
  'functions/ssrf': ['shared'],
  'functions/pages': ['shared', 'shared/browser', 'functions/http'],
  'functions/public': ['shared', 'functions/http', 'functions/lambda', 'functions/pages'],
  'functions/lnurl': ['shared', 'functions/http', 'functions/lambda', 'functions/pages'],
  'functions/manage': [
    'shared',
    'functions/http',
    'functions/lambda',
    'functions/deliveries',
    'functions/ssrf',
  ],
  'functions/outbox': ['shared', 'functions/lambda', 'functions/deliveries', 'functions/realtime'],
  'functions/webhooks': ['shared', 'functions/lambda', 'functions/deliveries', 'functions/ssrf'],
  'functions/watch': ['shared', 'functions/lambda'],
  // What writes the committed documents and scripts.
  functions: ['shared', 'functions/public', 'functions/manage', 'functions/pages'],
  connector: ['shared'],
  infra: ['shared', 'ampjar.settings.ts', 'functions/public/openapi.json'],
  // The program joins what each room says of its commands.
  cli: [
    'shared',
    ...['connector', 'functions', 'infra', 'local', 'widget'].map((room) => `${room}/commands.ts`),
  ],
  widget: ['shared', 'shared/browser'],
};
/** Rooms around the product: they may import all, and nothing imports them. */
const AROUND = ['local', 'test', 'bench'];

const ROOMS = [...Object.keys(MAY_IMPORT), ...AROUND].sort((a, b) => b.length - a.length);

/** The innermost room that a file is in. */
const roomOf = (file: string) => ROOMS.find((room) => file.startsWith(`${room}/`));

/** The imports of a file that its room may not have, each as `file -> what it imports`. */
function strayImports(file: string, source: string): string[] {
  const room = roomOf(file)!;
  if (AROUND.includes(room)) return [];
  const paths = Array.from(source.matchAll(/(?:\bfrom|^import)\s+'(\.[^']+)'/gm), ([, path]) => path!);
  return paths
    .map((path) => normalize(join(dirname(file), path)))
    .filter((path) => {
      const to = roomOf(path) ?? path;
      return to !== room && ![to, path].some((each) => MAY_IMPORT[room]!.includes(each));
    })
    .map((path) => `${file} -> ${path}`);
}

describe('rooms', () => {
  it('import from those that they may', async () => {
    const top = [...new Set(Object.keys(MAY_IMPORT).map((room) => room.split('/')[0]!))];
    const strays: string[] = [];
    let seen = 0;
    for (const room of top) {
      for (const name of await readdir(root(room), { recursive: true })) {
        if (!/\.(ts|js)$/.test(name)) continue;
        seen++;
        strays.push(...strayImports(`${room}/${name}`, await readFile(root(`${room}/${name}`), 'utf8')));
      }
    }
    expect(seen).toBeGreaterThan(250);
    expect(strays).toEqual([]);
  });

  it.each([
    ['shared/a.ts', '../connector/b.ts', false],
    ['shared/part/a.ts', '../amp/b.ts', true],
    ['shared/a.ts', './browser/b.ts', false],
    ['shared/browser/scripts/a.ts', '../../contract/b.ts', true],
    ['functions/pages/a.ts', '../../shared/browser/b.ts', true],
    ['connector/a.ts', '../shared/browser/b.ts', false],
    ['connector/a.ts', '../functions/http/b.ts', false],
    ['connector/part/a.ts', '../../shared/b.ts', true],
    ['cli/a.ts', '../local/b.ts', false],
    ['cli/a.ts', '../local/commands.ts', true],
    ['infra/a.ts', '../local/commands.ts', false],
    ['infra/a.ts', '../somewhere/b.ts', false],
    ['infra/functions/a.ts', '../connector/b.ts', true],
    ['infra/functions/a.ts', '../../connector/b.ts', false],
    ['functions/manage/a.ts', '../public/b.ts', false],
    ['functions/public/api/a.ts', '../../lnurl/b.ts', false],
    ['functions/public/api/a.ts', '../../http/b.ts', true],
    ['functions/public/api/a.ts', '../b.ts', true],
    ['functions/http/a.ts', '../pages/b.ts', false],
    ['local/a.ts', '../functions/public/b.ts', true],
    ['test/functions/public/a.ts', '../../../functions/lnurl/b.ts', true],
  ])('%s may import %s: %s', (file, path, may) => {
    const ways = [`import '${path}';`, `import type {\n  T,\n} from '${path}';`, `export * from '${path}';`];
    const strays = ways.map((source) => strayImports(file, source).length);
    expect(strays).toEqual(may ? [0, 0, 0] : [1, 1, 1]);
  });

  it('of functions are each in the table', async () => {
    const folders = await readdir(root('functions'), { withFileTypes: true });
    const missing = folders.filter((each) => each.isDirectory() && !MAY_IMPORT[`functions/${each.name}`]);
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});

let dir: string;

/** What lint says of files in a folder of its own, under the project's rules. */
async function lint(files: Record<string, string>) {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), `${text}\n`);
  }
  const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json'];
  const out = await new Promise<string>((resolve) => {
    execFile(root('node_modules/.bin/biome'), [...args, ...Object.keys(files)], { cwd: dir }, (_, out) =>
      resolve(out),
    );
  });
  const { diagnostics } = JSON.parse(out) as {
    diagnostics: { category: string; severity: string; location: { path: string } }[];
  };
  return diagnostics.filter(({ severity }) => severity === 'error');
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ampjar-layers-'));
  for (const file of ['biome.json', 'layers.grit', 'query.grit']) await copyFile(root(file), join(dir, file));
});

afterAll(() => rm(dir, { recursive: true }));

describe('another folder', () => {
  it.each([
    ['shared/way.ts', "import '../connector/b.ts';", 0],
    ['shared/way.ts', "export const late = await import('../connector/b.ts');", 1],
    ['functions/way.ts', "export const t = {} as import('../connector/b.ts').T;", 1],
    ['cli/part/way.ts', "export const r = createRequire(import.meta.url)('../../shared/b.ts');", 1],
    ['widget/way.ts', "export const r = require('../shared/b.ts');", 1],
    ['infra/way.ts', "export const late = await import('./b.ts');", 0],
    ['local/way.ts', "export const late = await import('../connector/b.ts');", 0],
  ])(
    'in %s, %s is refused %i times: product code reaches it by statements, which the table sees',
    async (file, text, times) => {
      const found = await lint({ [file]: text });
      expect(found.filter(({ category }) => category === 'plugin')).toHaveLength(times);
    },
  );
});

describe('a circle of imports', () => {
  it('is refused, of types, too', async () => {
    const found = await lint({
      'shared/a.ts': "import type { B } from './b.ts';\nexport type A = B;",
      'shared/b.ts': "import type { A } from './a.ts';\nexport type B = A;",
    });
    expect(found.map(({ category }) => category)).toContain('lint/suspicious/noImportCycles');
  });
});

describe('a query', () => {
  it.each([
    ['functions/public/asked.ts', 'c.req.query("limit")', 1],
    ['functions/lnurl/asked.ts', 'c.req.queries()', 1],
    ['local/live/asked.ts', 'c.req.query("after")', 1],
    ['local/live/asked.ts', 'queryValue(c.req, "after")', 0],
    ['functions/http/asked.ts', 'request.queries(name)', 0],
  ])('in %s, %s is refused %i times: queryValue refuses what is given twice', async (file, read, times) => {
    expect(await lint({ [file]: `export const value = ${read};` })).toHaveLength(times);
  });
});

describe('the type any', () => {
  it.each([
    ['shared/any.ts', 1],
    ['connector/booking.ts', 1],
    ['local/any.ts', 1],
    ['connector/lnd/client.ts', 0],
  ])('in %s is refused %i times: it stands where shapes of gRPC are read', async (file, times) => {
    expect(await lint({ [file]: 'export const raw: any = 1;' })).toHaveLength(times);
  });
});
