import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openapiDocument } from '../../../functions/public/api/openapi.ts';
import { SCHEMAS } from '../../../functions/public/api/schemas.ts';
import { type Jar, NOW, openJar } from './jar.ts';
import { openSite, type Site } from './site.ts';

const DOCS = new URL('../../../docs/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, DOCS), 'utf8');
const http = read('http.md');
const openapi = openapiDocument();

/** The sections of a page about a route each: its path, the headers of its answer and its example. */
const sections = http.split(/^(?=#{2,3} )/m).flatMap((section) => {
  const path = /^### `GET (\S+)`/.exec(section)?.[1];
  if (path === undefined) return [];
  const headers = Array.from(section.matchAll(/^ {4}([A-Z][A-Za-z-]+): (.+)$/gm), ([, name, value]) => [
    name!.toLowerCase(),
    value!,
  ]);
  return [{ path, headers: Object.fromEntries(headers), example: /```json\n(.*?)```/s.exec(section)?.[1] }];
});

/** How long an invoice still lives depends on the clock. */
const anyLife = (value: unknown) => String(value).replace(/max-age=\d{6,}/, 'max-age=N');

let jar: Jar;
let site: Site;

beforeAll(async () => {
  jar = await openJar();
  site = openSite(jar.ledger, NOW);
});
afterAll(async () => {
  site.close();
  await jar.close();
});

/** The name of a file that the widget's module loads. */
const widgetFile = async () =>
  /\/widget\/([\w.-]+)/.exec(await (await site.site.request('/widget.js')).text())![1]!;

describe('docs/http.md', () => {
  it('has a section for each route of openapi.json, and for no other', () => {
    expect(sections.map(({ path }) => path).sort()).toEqual(Object.keys(openapi.paths).sort());
  });

  it.each(sections)('says with which headers $path answers', async ({ path, headers }) => {
    const filled = path
      .replace('{handle}', 'alice')
      .replace('{paymentAddr}', 'ADDR')
      .replace('{setId}', 'SET')
      .replace('{option}', 'COFFEE')
      .replace('{id}', 'a'.repeat(22))
      .replace('{file}', await widgetFile());
    const answer = await site.site.request(jar.fill(filled));
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
    expect(Object.keys(headers)).toEqual(expect.arrayContaining(['content-type', 'cache-control']));
    for (const [name, value] of Object.entries(headers)) {
      expect(anyLife(answer.headers.get(name)), name).toBe(anyLife(value));
    }
  });

  it.each(sections)(
    'shows what $path answers, if it is JSON, and names its parameters',
    ({ path, example }) => {
      const { parameters, responses } = openapi.paths[path]!.get;
      type Schema = { $ref?: string; oneOf?: { $ref: string }[] };
      const content = responses[200].content as Record<string, { schema: Schema }>;
      const { $ref, oneOf } = content['application/json']?.schema ?? {};
      const name = ($ref ?? oneOf?.[0]?.$ref)?.split('/').at(-1);
      expect(example !== undefined).toBe(name !== undefined);
      if (name) {
        const schema = SCHEMAS[name as keyof typeof SCHEMAS];
        expect(schema.safeParse(JSON.parse(example!)).error).toBeUndefined();
      }
      const section = http.slice(http.indexOf(`### \`GET ${path}\``)).split(/\n#{2,3} /)[0];
      for (const parameter of parameters as { in: string; name: string }[]) {
        if (parameter.in === 'query') expect(section).toContain(`\`${parameter.name}\``);
      }
    },
  );

  it('names each kind of problem with its status', () => {
    const source = readFileSync(new URL('../functions/http/problem.ts', DOCS), 'utf8');
    const kinds = Array.from(source.matchAll(/^ {2}'?([a-z-]+)'?: \[(\d{3}), /gm), ([, kind, status]) => [
      kind,
      status,
    ]);
    expect(kinds.length).toBeGreaterThan(10);
    const table = Array.from(http.matchAll(/^\| `([a-z-]+)` +\| (\d{3}) /gm), ([, kind, status]) => [
      kind,
      status,
    ]);
    expect(table.sort()).toEqual(kinds.sort());
  });

  it('shows a problem as it comes', async () => {
    const section = http.slice(http.indexOf('\n## Problems'));
    const [, path, body] = /^ {4}GET (\S+)\n\n```json\n(.*?)```/ms.exec(section)!;
    expect(await (await site.site.request(path!)).json()).toEqual(JSON.parse(body!));
  });
});

describe('docs/README.md', () => {
  it('leads to each page, and to none that is not there', () => {
    // Pages of incidents have an index of their own (test/infra/alarms.test.ts).
    const pages = readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /^(?!incidents\/(?!README)).*\.md$/.test(file),
    );
    const links = Array.from(read('README.md').matchAll(/\]\(([^)]+)\)/g), ([, link]) => link!);
    expect(links.filter((link) => !link.startsWith('..')).sort()).toEqual(
      pages.filter((page) => page !== 'README.md').sort(),
    );
    for (const link of links) expect(() => read(link)).not.toThrow();
  });
});
