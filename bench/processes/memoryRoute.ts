import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { serveParent } from '../child.ts';

/** What to answer, byte for byte. */
export interface MemoryRouteInput {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export type MemoryRoute = Awaited<ReturnType<typeof openRoute>>;

/** The least that can answer over the same framework: ready bytes. */
async function openRoute({ path, headers, body }: MemoryRouteInput) {
  const init = { status: 200, headers };
  const app = new Hono().get(path, () => new Response(body, init));
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(listening));
  });
  return {
    calls: { url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    stop: async () => void server.close(),
  };
}

serveParent(openRoute);
