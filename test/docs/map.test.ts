import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../shared/ledger/keys.ts';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const page = (name: string) => readFileSync(root(`docs/${name}`), 'utf8');
const ROOMS = /^(?:bench|cli|connector|docs|functions|infra|local|shared|test|widget)\//;

describe('docs/map.md', () => {
  const paths = Array.from(page('map.md').matchAll(/`([^`]+)`/g), ([, path]) => path!).filter((path) =>
    ROOMS.test(path),
  );

  it('names files and folders that are there', () => {
    expect(paths.length).toBeGreaterThan(40);
    expect(paths.filter((path) => !existsSync(root(path)))).toEqual([]);
  });
});

describe('docs/glossary.md', () => {
  it('has each kind of item of the table', () => {
    const named = Array.from(page('glossary.md').matchAll(/^\| `(\w+)` +\|/gm), ([, kind]) => kind!);
    expect(named.toSorted()).toEqual(Object.keys(KINDS).sort());
  });
});
