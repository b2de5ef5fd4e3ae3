import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_24 } from '../bundles/node24.ts';
import { startMinistack } from '../conformance/ministack.ts';
import { makeAuthority, startReceiver } from '../functions/webhooks/receiver.ts';
import { freePorts } from '../regtest/harness/ports.ts';
import { asker, startFront } from './front.ts';

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const PYTHON = path('../../.cache/venv/bin/python');

/** The name that the test's receiver of webhooks has in the functions' network. */
const HOOKS = 'hooks.example';
/** Names of AWS below which a deployment is asked. */
const SERVED = [
  'appsync-api.us-east-1.amazonaws.com',
  'appsync-realtime-api.us-east-1.amazonaws.com',
  'lambda-url.us-east-1.on.aws',
  'cloudfront.net',
];

/** Ask a service of the emulator, which looks at whose credentials a call names, and no further. */
const call = async (endpoint: string, service: string, target: string, input: object) => {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'x-amz-target': target,
      'content-type': 'application/x-amz-json-1.1',
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(input),
  });
  // biome-ignore lint/suspicious/noExplicitAny: any JSON at all
  return (await response.json()) as any;
};

/** All lines that functions logged. */
async function logged(endpoint: string): Promise<string[]> {
  const logs = (target: string, input: object) => call(endpoint, 'logs', `Logs_20140328.${target}`, input);
  const { logGroups } = await logs('DescribeLogGroups', {});
  const lines: string[] = [];
  for (const { logGroupName } of logGroups) {
    for (let nextToken: string | undefined; ; ) {
      const page = await logs('FilterLogEvents', { logGroupName, ...(nextToken && { nextToken }) });
      lines.push(...page.events.map(({ message }: { message: string }) => message));
      nextToken = page.nextToken;
      if (!nextToken) break;
    }
  }
  return lines;
}

/**
 * AWS on loopback, its functions under Node 24 in a network where a receiver of webhooks has a public name, and AWS its own,
 * by HTTPS.
 */
export async function openCloud() {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-cloud-'));
  const authority = await makeAuthority([HOOKS, ...SERVED.map((name) => `*.${name}`)]);
  writeFileSync(join(dir, 'ca.pem'), authority.ca);
  const receiver = await startReceiver(authority);
  const [port] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const front = await startFront(authority, endpoint);
  // Addresses of the public internet, as the functions demand of a receiver; nobody there is ever asked.
  const routes = [
    { suffix: HOOKS, address: '93.184.215.14', port: receiver.port },
    ...SERVED.map((suffix) => ({ suffix, address: '52.94.233.129', port: front.port })),
  ];
  const preload = path('./network.mjs');
  /** What a process that loads {@link preload} needs as environment to live in that network. */
  const env = { AMPJAR_ROUTES: JSON.stringify(routes), NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem') };
  const node = join(dir, 'node');
  writeFileSync(node, `#!/bin/sh\nexec ${NODE_24} --import ${preload} "$@"\n`);
  chmodSync(node, 0o755);
  const emulator = await startMinistack({
    program: [PYTHON, path('./emulator.py')],
    env: {
      ...env,
      GATEWAY_PORT: String(port),
      // Who listens is asked for what the template's authorizer lets in.
      APPSYNC_EVENTS_ENFORCE_AUTH: '1',
      PATH: `${dir}:${process.env.PATH}`,
      APPSYNC_EVENTS_HTTP_HOST_TEMPLATE: '{api_id}.appsync-api.{region}.amazonaws.com',
      APPSYNC_EVENTS_REALTIME_HOST_TEMPLATE: '{api_id}.appsync-realtime-api.{region}.amazonaws.com',
    },
  });
  return {
    endpoint,
    ask: asker(endpoint),
    receiver,
    hookUrl: `https://${HOOKS}/tips`,
    /** Node 24 within the network, the module that makes it so, and what that needs as environment. */
    node,
    preload,
    env,
    logged: () => logged(endpoint),
    async close() {
      await emulator.stop();
      await receiver.stop();
      await front.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export type Cloud = Awaited<ReturnType<typeof openCloud>>;
