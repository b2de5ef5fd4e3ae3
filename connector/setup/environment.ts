import { UsageError } from '../../shared/command/failures.ts';
import type { Deployment, RolesAnywhere } from './deployment.ts';

/** Choices of whoever sets a connector up, beside the deployment. */
export interface EnvironmentChoices {
  /** host:port */
  readonly socket: string;
  /** Names the connector in the lease. */
  readonly name: string;
  readonly healthPort: number;
  readonly routeHints: boolean;
}

/**
 * The environment file of a connector, which systemd and container engines read alike: `NAME=value`, no quotes. There is no secret in it.
 * @throws UsageError for a value that they would read as something else
 */
export function environmentFile(
  { table, region, endpoint, invoiceRequestsQueue }: Deployment,
  { socket, name, healthPort, routeHints }: EnvironmentChoices,
): string {
  const variables = {
    AMPJAR_LND_HOST: socket,
    AMPJAR_TABLE: table,
    AWS_REGION: region,
    AMPJAR_ENDPOINT: endpoint,
    AMPJAR_INVOICE_REQUESTS_QUEUE: invoiceRequestsQueue,
    AMPJAR_NAME: name,
    AMPJAR_HEALTH_PORT: String(healthPort),
    AMPJAR_ROUTE_HINTS: routeHints ? '1' : undefined,
  };
  return Object.entries(variables)
    .filter(([, value]) => value !== undefined)
    .map(([variable, value]) => `${variable}=${plain(variable, value!)}\n`)
    .join('');
}

/**
 * The AWS configuration of a host outside AWS: the signing helper of IAM Roles Anywhere proves the host's certificate and is given
 * credentials of an hour.
 * @param certificate path of the host's certificate, as the connector sees it
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/credential-helper.html
 */
export function awsConfig(
  { trustAnchorArn, profileArn, roleArn }: RolesAnywhere,
  { helper, certificate, key }: { helper: string; certificate: string; key: string },
): string {
  const words = [
    helper,
    'credential-process',
    ...['--certificate', certificate],
    ...['--private-key', key],
    ...['--trust-anchor-arn', trustAnchorArn],
    ...['--profile-arn', profileArn],
    ...['--role-arn', roleArn],
  ];
  return `[default]\ncredential_process = ${words.map((word) => plain('credential_process', word)).join(' ')}\n`;
}

/** A value that means itself in all of these files. @throws UsageError */
export function plain(field: string, value: string): string {
  if (/^[\w.:/@+,=[\]-]+$/.test(value)) return value;
  throw new UsageError(
    `${field}: ${JSON.stringify(value.slice(0, 80))} has a character that these files don't take: letters, digits and . : / @ + , = _ - do`,
  );
}
