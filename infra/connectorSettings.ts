import { X509Certificate } from 'node:crypto';
import { z } from 'zod';

const PATH = /^\/[\w./@+-]+$/;
const path = (expected: string) => z.string(expected).regex(PATH, expected);

/** Whether a text is one PEM certificate of an authority, and nothing else. */
function isAuthority(pem: string): boolean {
  if (!/^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/.test(pem)) return false;
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}

/** Where connectors run, and how they prove to AWS who they are. */
export const connectorSettings = z.strictObject({
  /** For hosts outside AWS: whoever has a certificate of this authority is given the connector's role (IAM Roles Anywhere). */
  rolesAnywhere: z
    .strictObject({
      caCertificate: z.string().refine(isAuthority, 'the PEM certificate of an authority'),
      /** The common names of those that are let in. */
      hosts: z
        .array(z.string().regex(/^[\w.-]{1,64}$/, 'a common name'))
        .min(1, 'a list of common names')
        .max(20, 'a list of up to 20 common names'),
    })
    .optional(),
  /** The EC2 instance that runs lnd, in this account and Region, managed by Systems Manager: the connector is installed there. */
  instance: z
    .strictObject({
      id: z.string().regex(/^i-[0-9a-f]{8,17}$/, 'the id of an instance, like i-0123456789abcdef0'),
      /** The role of its instance profile. */
      roleName: z.string().regex(/^[\w+=,.@-]{1,64}$/, 'the name of a role'),
      /** lnd's own folder there. */
      lndDirectory: path("the path of lnd's folder").default('/home/bitcoin/.lnd'),
      network: z.enum(['mainnet', 'testnet', 'signet']).default('mainnet'),
      /** For a node with unannounced channels alone. */
      routeHints: z.boolean().default(false),
    })
    .optional(),
});

export type ConnectorSettings = z.output<typeof connectorSettings>;
