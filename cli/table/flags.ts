import { type Flags, JSON_FLAG } from '../../shared/command/command.ts';
import { TABLE } from '../../shared/place.ts';

export const ON_TABLE = { ...TABLE, ...JSON_FLAG } as const satisfies Flags;

export const BOOTSTRAP = {
  ...ON_TABLE,
  name: { type: 'string', value: 'NAME', about: 'what the key is for; "made on the table"' },
} as const satisfies Flags;

export const RESTORE = {
  to: { type: 'string', value: 'NEW', needed: true, about: 'the name of the new table' },
  at: {
    type: 'string',
    value: 'TIME',
    about: 'as the table was then, like 2026-11-24T11:00:00Z, within its 35 days; the latest that there is',
  },
  export: {
    type: 'string',
    value: 's3://BUCKET/PREFIX',
    about: 'out of an export to S3, in DynamoDB’s JSON, gzipped: PREFIX ends with AWSDynamoDB/ID/data/',
  },
  files: {
    type: 'string',
    value: 'DIR',
    about: 'out of the same, downloaded, into a table on this machine (--endpoint): to rehearse',
  },
  ...TABLE,
} as const satisfies Flags;

export const REBUILD = {
  handle: { type: 'string', value: 'HANDLE', about: 'of one creator alone' },
  replace: {
    type: 'boolean',
    about:
      'put the sums of the rows in place of what differs; one goes down only when the rows are proven to be all',
  },
  scan: {
    type: 'boolean',
    about: 'read the whole table, which proves that rows are gone which the index does not list',
  },
  ...ON_TABLE,
} as const satisfies Flags;
