/**
 * Regions whose Lambda has no function URLs, by which CloudFront reaches the functions that answer readers and wallets.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html (its first note; looked up on 2026-11-28)
 */
const WITHOUT_FUNCTION_URLS: readonly string[] = [
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
];

/** Partitions of AWS beside its own: CloudFront's certificates, and what a stack tells another, stay within one. */
const OTHER_PARTITIONS = /^(cn|us-gov|us-iso[a-z]*|eu-isoe|eusc)-/;

/** What a Region must be for Ampjar to run there. */
export const FIT_REGION = 'a Region of AWS’s own partition that has function URLs, like eu-central-1';

/** Whether Ampjar runs in a Region. One that is newer than this list is taken; CloudFormation says what it lacks. */
export const isFitRegion = (region: string): boolean =>
  !WITHOUT_FUNCTION_URLS.includes(region) && !OTHER_PARTITIONS.test(region);
