import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

type Manifest = { readonly dependencies: Record<string, string> };
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const beside: Manifest = read('connector/package.json');
const whole: Manifest = read('package.json');
const lock: { packages: Record<string, { resolved?: string; link?: true }> } = read('package-lock.json');

/** What a host is given to start: the program, and the one that units and containers start. */
const ENTRIES = ['cli/ampjar.js', 'connector/main.ts'];
/** Files whose lazy imports are followed: the connector's own, and the first step of the program. */
const FOLLOWED = /^(connector|shared)\/|^cli\/ampjar\.js$/;

/** The package that an import names, without the path within it. */
const packageOf = (path: string) => /^(@[^/]+\/)?[^/]+/.exec(path)![0];

/** The files that the entries reach, and the packages that those import. */
async function reached(): Promise<{ files: Set<string>; packages: Set<string> }> {
  const { metafile } = await build({
    entryPoints: ENTRIES,
    bundle: true,
    packages: 'external',
    write: false,
    outdir: 'unused',
    platform: 'node',
    format: 'esm',
    metafile: true,
  });
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    for (const { path, kind, external } of metafile.inputs[file]!.imports) {
      if (external) packages.add(packageOf(path));
      else if (kind !== 'dynamic-import' || FOLLOWED.test(file)) visit(path);
    }
    // What has no ES module is required, which a bundler doesn't see.
    const required = readFileSync(file, 'utf8').matchAll(/createRequire\(import\.meta\.url\)\('([^']+)'\)/g);
    for (const [, path] of required) packages.add(packageOf(path!));
  };
  for (const entry of ENTRIES) visit(entry);
  return { files, packages: new Set([...packages].filter((each) => !each.startsWith('node:'))) };
}

describe('the packages beside lnd', () => {
  let found: Awaited<ReturnType<typeof reached>>;
  beforeAll(async () => {
    found = await reached();
  });

  it('are those that the connector’s commands import, no more and no fewer', () => {
    expect(Object.keys(beside.dependencies)).toEqual([...found.packages].sort());
  });

  it('are imported wherever the program starts', () => {
    expect(found.files).toContain('cli/commands.ts');
    expect(found.files).toContain('connector/run.ts');
    expect(found.files).not.toContain('local/start.ts');
  });

  it('are of the versions that the whole checkout has', () => {
    expect(whole.dependencies).toMatchObject(beside.dependencies);
  });
});

describe('the lock file', () => {
  it('names no registry, so that each takes packages from its own', () => {
    const placed = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
    expect(placed.map(([, { resolved, link }]) => [resolved, link])).toEqual([['connector', true]]);
  });
});
