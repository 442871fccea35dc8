export { AWS_CAPABILITIES, createAwsProvider, type AwsProviderOptions } from './create-aws-provider.ts';
