import type { ServerOptions } from 'node:http';

/**
 * How long a client may take, for every HTTP server of the project: Node's own limits are minutes. They end with the request's last
 * byte, so that an answer, a live stream too, may take as long as it likes.
 */
export const SERVER_LIMITS = {
  headersTimeout: 10_000,
  /** With its body. */
  requestTimeout: 20_000,
  /** How often the two above are looked at. */
  connectionsCheckingInterval: 1_000,
  /** Longer than proxies keep connections they may use again (Caddy two minutes, nginx one), so that none is closed under a request. */
  keepAliveTimeout: 130_000,
} as const satisfies ServerOptions;

/** Connections that a server holds, all clients together; those beyond are closed at once. */
export const MOST_CONNECTIONS = 4_000;
