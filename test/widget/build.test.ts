import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { widgetRoutes } from '../../local/widget.ts';
import { buildWidget, widgetFiles } from '../../widget/build.ts';

let files: Map<string, string>;
let dir: string;

beforeAll(async () => {
  files = await widgetFiles();
  dir = await mkdtemp(join(tmpdir(), 'ampjar-widget-'));
});
afterAll(() => rm(dir, { recursive: true }));

const hashed = () => [...files.keys()].find((path) => path !== 'widget.js')!;
const module = () => files.get(hashed())!;

describe('the widget', () => {
  test('is a loader, and a module that is named by its content', async () => {
    expect(files.size).toBe(2);
    expect(hashed()).toMatch(/^widget\/[0-9a-f]{20}\.js$/);
    expect(files.get('widget.js')).toBe(`import './${hashed()}';\n`);
    expect([...(await widgetFiles()).keys()]).toEqual([...files.keys()]);
  });

  test('takes at most 6 kB on the way', () => {
    expect(gzipSync(module(), { level: 9 }).length).toBeLessThan(6_000);
  });

  test('needs nothing else: no import, no picture or font of its own, no request but to the jar', () => {
    expect(module()).not.toMatch(/\bimport\s*[{*"'(]|(?<!like )https?:\/\/|url\(/);
  });

  test('makes elements of no text', () => {
    expect(module()).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/,
    );
  });

  test('is written into a folder, beside what lies there', async () => {
    await buildWidget(dir);
    for (const [path, text] of files) expect(await readFile(join(dir, path), 'utf8')).toBe(text);
  });
});

describe('npm start serves it to any site', () => {
  const app = widgetRoutes();
  test.each<[string, () => string, RegExp]>([
    ['the loader for minutes', () => 'widget.js', /^public, max-age=300, /],
    ['the module for good', hashed, /^public, max-age=31536000, immutable$/],
  ])('%s', async (_, path, cacheControl) => {
    const answer = await app.request(`/${path()}`);
    expect(await answer.text()).toBe(files.get(path()));
    expect(answer.headers.get('cache-control')).toMatch(cacheControl);
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('a module of another release is not there', async () => {
    expect((await app.request('/widget/00000000000000000000.js')).status).toBe(404);
  });
});
