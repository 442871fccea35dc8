export { AWS_FEATURES, createAwsProvider, type AwsProviderOptions } from './create-aws-provider.ts';
