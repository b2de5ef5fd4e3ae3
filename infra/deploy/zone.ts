import { Resolver } from 'node:dns/promises';
import { GetHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { oneLine } from '../awsAccount.ts';
import { DeployError } from '../deployError.ts';
import type { ZonedDomain } from '../domain.ts';

/** The name servers that the world is told for a name, in lower case; none when it is told none. */
export type NameServers = (name: string) => Promise<string[]>;

/**
 * Look whether the zone of a domain is the one that the world asks: else ACM waits three days for the certificate's proof, and
 * CloudFormation with it.
 * @throws DeployError
 * @see https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
 */
export async function checkZone(
  domain: ZonedDomain,
  nameServers: NameServers = worldsNameServers,
): Promise<void> {
  const { zoneName, hostedZoneId } = domain;
  const own = await serversOf(domain);
  const told = await nameServers(zoneName);
  if (told.some((server) => own.includes(server))) return;
  throw new DeployError(
    `domain: ${zoneName} is delegated to ${told.sort().join(', ') || 'no name server'}, expected those of its zone ${hostedZoneId}: ` +
      `${own.sort().join(', ')}. Enter them where ${zoneName} is registered, or in the zone above it`,
  );
}

/** The name servers of a zone as Route 53 has it. @throws DeployError */
async function serversOf({ hostedZoneId, zoneName }: ZonedDomain): Promise<string[]> {
  const route53 = new Route53Client({ region: 'us-east-1' });
  try {
    const { HostedZone, DelegationSet } = await route53.send(new GetHostedZoneCommand({ Id: hostedZoneId }));
    if (HostedZone?.Name !== `${zoneName}.`)
      throw new DeployError(
        `domain.hostedZoneId: ${hostedZoneId} is the zone of ${HostedZone?.Name?.replace(/\.$/, '')}, expected that of ${zoneName}`,
      );
    if (HostedZone.Config?.PrivateZone)
      throw new DeployError(`domain.hostedZoneId: ${hostedZoneId} is private, expected a public zone`);
    return (DelegationSet?.NameServers ?? []).map(plain);
  } catch (error) {
    if (error instanceof DeployError) throw error;
    throw new DeployError(`domain.hostedZoneId: ${oneLine(error as Error)}`);
  } finally {
    route53.destroy();
  }
}

const plain = (server: string) => server.toLowerCase().replace(/\.$/, '');

const RESOLVER = { timeout: 3_000, tries: 2 };

/** As this machine's resolver hears it. @throws DeployError when it can't be asked */
async function worldsNameServers(name: string): Promise<string[]> {
  try {
    return (await new Resolver(RESOLVER).resolveNs(name)).map(plain);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw new DeployError(`domain: the name servers of ${name} can't be looked up (${code})`);
  }
}
