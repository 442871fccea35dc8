import type * as CredentialProviders from '@aws-sdk/credential-providers';
import type * as Ec2 from '@aws-sdk/client-ec2';
import type * as ServiceQuotas from '@aws-sdk/client-service-quotas';
import type * as Ssm from '@aws-sdk/client-ssm';
import type * as Sts from '@aws-sdk/client-sts';
import type * as HttpHandler from '@smithy/node-http-handler';

// Loading the SDK takes half a second and a hundred megabytes: only a worker that has an AWS runtime pays
// for it.

/** Each part of the SDK, loaded at its first use. */
export const loadSdk = {
  ec2: (): Promise<typeof Ec2> => import('@aws-sdk/client-ec2'),
  sts: (): Promise<typeof Sts> => import('@aws-sdk/client-sts'),
  ssm: (): Promise<typeof Ssm> => import('@aws-sdk/client-ssm'),
  serviceQuotas: (): Promise<typeof ServiceQuotas> => import('@aws-sdk/client-service-quotas'),
  credentialProviders: (): Promise<typeof CredentialProviders> => import('@aws-sdk/credential-providers'),
  httpHandler: (): Promise<typeof HttpHandler> => import('@smithy/node-http-handler'),
};
