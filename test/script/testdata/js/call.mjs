// call.mjs SERVICE OPERATION [INPUT] calls an operation with the SDK for
// JavaScript, with INPUT as JSON, and prints the output as JSON. The connect
// timeout is a second, so that a drop shows quickly. NODE_PATH says where the
// SDK is.
import { createRequire } from 'node:module'

const [service, operation, input = '{}'] = process.argv.slice(2)
const clients = {
  ec2: ['@aws-sdk/client-ec2', 'EC2Client'],
  eks: ['@aws-sdk/client-eks', 'EKSClient'],
  elbv2: ['@aws-sdk/client-elastic-load-balancing-v2', 'ElasticLoadBalancingV2Client'],
  logs: ['@aws-sdk/client-cloudwatch-logs', 'CloudWatchLogsClient'],
  sts: ['@aws-sdk/client-sts', 'STSClient'],
}
if (!clients[service] || !operation) {
  console.error(`usage: call.mjs ${Object.keys(clients).join('|')} OPERATION [INPUT]`)
  process.exit(2)
}
const [module, name] = clients[service]
const sdk = createRequire(import.meta.url)(module)
const client = new sdk[name]({ maxAttempts: 1, requestHandler: { connectionTimeout: 1000, requestTimeout: 20000 } })
try {
  const { $metadata, ...output } = await client.send(new sdk[`${operation}Command`](JSON.parse(input)))
  console.log(JSON.stringify(output))
} catch (err) {
  console.error(`${err.name}: ${err.message} (HTTP ${err.$metadata?.httpStatusCode})`)
  process.exitCode = 1
}
