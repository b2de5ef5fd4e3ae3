import { readFile } from 'node:fs/promises';
import { UsageError } from '../../shared/command/failures.ts';
import { type Place, readPlace } from '../../shared/place.ts';

/** What of a deployment the connector has to know. */
export interface Deployment extends Place {
  /** URL of the queue that hints at invoice requests. */
  readonly invoiceRequestsQueue?: string;
  readonly rolesAnywhere?: RolesAnywhere;
}

/** Where a certificate is taken for an AWS role. */
export interface RolesAnywhere {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
}

/** What `npm run deploy` writes. */
export const OUTPUTS_FILE = 'ampjar.outputs.json';

type Given = Partial<
  Record<'outputs' | 'stack' | 'table' | 'region' | 'endpoint' | 'invoice-requests-queue', string | undefined>
>;
type Outputs = Readonly<Record<string, string>>;

/**
 * A deployment, by the file of outputs that `npm run deploy` wrote and by flags, which go first.
 * @throws UsageError, UsageError
 */
export async function readDeployment(
  given: Given,
  env: Record<string, string | undefined>,
): Promise<Deployment> {
  const outputs = await readOutputs(given);
  const invoiceRequestsQueue = given['invoice-requests-queue'] ?? outputs.AsksQueueUrl;
  const region = given.region ?? outputs.Region ?? regionOf(invoiceRequestsQueue);
  const table = given.table ?? outputs.TableName;
  const { RolesAnywhereTrustAnchorArn, RolesAnywhereProfileArn, RolesAnywhereRoleArn } = outputs;
  return {
    ...readPlace({ table, region, endpoint: given.endpoint }, env),
    ...(invoiceRequestsQueue !== undefined && { invoiceRequestsQueue }),
    ...(RolesAnywhereTrustAnchorArn &&
      RolesAnywhereProfileArn &&
      RolesAnywhereRoleArn && {
        rolesAnywhere: {
          trustAnchorArn: RolesAnywhereTrustAnchorArn,
          profileArn: RolesAnywhereProfileArn,
          roleArn: RolesAnywhereRoleArn,
        },
      }),
  };
}

/** The Region in the URL of a queue, as https://sqs.eu-central-1.amazonaws.com/1/asks has it. */
const regionOf = (url: string | undefined) => /^https:\/\/sqs\.([a-z0-9-]+)\./.exec(url ?? '')?.[1];

/** The outputs of the one stack that has a table; none when there is no file and none was named. */
async function readOutputs({ outputs: path, stack }: Given): Promise<Outputs> {
  const text = await readFile(path ?? OUTPUTS_FILE, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (path === undefined && error.code === 'ENOENT') return '{}';
    throw new UsageError(`--outputs: ${error.message}`);
  });
  const stacks = Object.entries(parse(text, path)).filter(([, of]) => typeof of?.TableName === 'string');
  const named = stack === undefined ? stacks : stacks.filter(([name]) => name === stack);
  if (stack !== undefined && named.length === 0)
    throw new UsageError(
      `--stack: ${JSON.stringify(stack)} is not one of ${stacks.map(([name]) => name).join(', ') || 'none'}`,
    );
  if (named.length > 1)
    throw new UsageError(`--stack: missing, expected one of ${named.map(([name]) => name).join(', ')}`);
  if (path !== undefined && named.length === 0)
    throw new UsageError(`--outputs: ${path} has no stack with the output TableName`);
  return named[0]?.[1] ?? {};
}

function parse(text: string, path: string | undefined): Record<string, Outputs> {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null) return read as Record<string, Outputs>;
  } catch {}
  throw new UsageError(
    `--outputs: ${path ?? OUTPUTS_FILE} is not a file of outputs, which npm run deploy writes`,
  );
}
