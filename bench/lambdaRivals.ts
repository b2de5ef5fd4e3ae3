import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const resolveDir = fileURLToPath(new URL('..', import.meta.url));

/** As the functions are bundled (infra/bundledFunction.ts). */
const BANNER =
  "import{createRequire as ampjarCreateRequireForBundle}from'node:module';const require=ampjarCreateRequireForBundle(import.meta.url);";

/** A handler without anything. */
const BARE = `export const handler = async () => ({ statusCode: 200, headers: {}, body: '{}', isBase64Encoded: false });`;

/** Hono over its Lambda adapter, and a route that asks nothing. */
const HONO = `
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
const app = new Hono();
app.get('/v1/creators/:handle', (c) => c.json({ handle: c.req.param('handle') }));
export const handler = handle(app);
`;

/** The same with one read of the table, by the SDK's client alone. */
const HONO_AND_CLIENT = `
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
const client = new DynamoDBClient({});
const app = new Hono();
app.get('/v1/creators/:handle', async (c) => {
  const Key = { pk: { S: 'creator#' + c.req.param('handle') }, sk: { S: 'profile' } };
  const { Item } = await client.send(new GetItemCommand({ TableName: process.env.TABLE_NAME, Key }));
  return c.json(Item ?? {});
});
export const handler = handle(app);
`;

async function bundle(folder: string, name: string, contents: string): Promise<string> {
  const outfile = join(folder, name, 'index.mjs');
  mkdirSync(join(folder, name));
  await build({
    stdin: { contents, resolveDir, loader: 'js' },
    outfile,
    bundle: true,
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    logLevel: 'error',
  });
  return outfile;
}

/** What the functions are held against, bundled as they are. @returns their files */
export async function bundleRivals(folder: string) {
  return {
    bare: await bundle(folder, 'bare', BARE),
    hono: await bundle(folder, 'hono', HONO),
    client: await bundle(folder, 'client', HONO_AND_CLIENT),
  };
}
