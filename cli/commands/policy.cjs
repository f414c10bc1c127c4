'use strict'

/** `policy`: prints the minimal permissions as a policy or as infrastructure code. Sends no request. */

const { invalidArgument } = require('../../lib/arguments.js')

const READ = ['DescribeTable', 'Query', 'GetItem']
const WRITE = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']

const FORMATS = { cdk, cloudformation, terraform }

async function run(context) {
  const { options, output } = context
  const formats = Object.keys(FORMATS).filter(format => options[format])
  if (formats.length > 1)
    throw invalidArgument(`give one format, not ${formats.map(format => `--${format}`).join(' and ')}`)
  if (options['read-only'] && options['with-create'])
    throw invalidArgument('--read-only and --with-create contradict each other')
  if (options.account !== undefined && !/^\d{12}$/.test(options.account)) {
    throw invalidArgument(`--account is ${JSON.stringify(options.account)}, but must have 12 digits`)
  }
  const name = options.table ?? 'docs'
  const actions = actionsOf(options)
  const arn = name.startsWith('arn:')
    ? name
    : `arn:aws:dynamodb:${options.region ?? 'REGION'}:${options.account ?? 'ACCOUNT'}:table/${name}`
  const text = formats.length === 0 ? policy(actions, arn) : FORMATS[formats[0]](actions, name, arn)
  await output.result({ actions, resource: arn, text }, text)
}

function actionsOf(options) {
  return [
    ...READ,
    ...(options['read-only'] ? [] : WRITE),
    ...(options['with-scan'] ? ['Scan'] : []),
    ...(options['with-create'] ? ['CreateTable'] : [])
  ].map(action => `dynamodb:${action}`)
}

function policy(Action, Resource) {
  return JSON.stringify(
    { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] },
    undefined,
    2
  )
}

function cdk(actions, name) {
  return `const table = new dynamodb.Table(this, 'Docs', {
  tableName: ${JSON.stringify(name)},
  partitionKey: { name: 'ydocname', type: dynamodb.AttributeType.STRING },
  sortKey: { name: 'ykeysort', type: dynamodb.AttributeType.BINARY },
  billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  removalPolicy: RemovalPolicy.RETAIN
})
table.grant(server, ${actions.map(action => `'${action}'`).join(', ')})`
}

function cloudformation(actions, name) {
  return `Resources:
  Docs:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: ${JSON.stringify(name)}
      BillingMode: PAY_PER_REQUEST
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
      AttributeDefinitions:
        - { AttributeName: ydocname, AttributeType: S }
        - { AttributeName: ykeysort, AttributeType: B }
      KeySchema:
        - { AttributeName: ydocname, KeyType: HASH }
        - { AttributeName: ykeysort, KeyType: RANGE }
  DocsPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Action:
${actions.map(action => `              - ${action}`).join('\n')}
            Resource: !GetAtt Docs.Arn`
}

function terraform(actions, name) {
  return `resource "aws_dynamodb_table" "docs" {
  name         = ${JSON.stringify(name)}
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "ydocname"
  range_key    = "ykeysort"

  attribute {
    name = "ydocname"
    type = "S"
  }

  attribute {
    name = "ykeysort"
    type = "B"
  }

  point_in_time_recovery {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

data "aws_iam_policy_document" "docs" {
  statement {
    actions = [
${actions.map(action => `      "${action}",`).join('\n')}
    ]
    resources = [aws_dynamodb_table.docs.arn]
  }
}`
}

module.exports = {
  name: 'policy',
  synopsis: '',
  tableIsOptional: true,
  options: {
    'account': { value: 'ID', help: 'the account in the ARN (default: ACCOUNT, a placeholder)' },
    'read-only': { help: 'only the permissions to read' },
    'with-scan': { help: 'also the permission to list all documents (clearAll, ls, stats, --all)' },
    'with-create': { help: 'also the permission to create the table' },
    'cdk': { help: 'as AWS CDK code, with the table' },
    'cloudformation': { help: 'as a CloudFormation template, with the table' },
    'terraform': { help: 'as Terraform code, with the table' }
  },
  summary: 'Prints the minimal IAM policy for a server.',
  details: `Sends no request. If neither --table nor Y_DYNAMODB_TABLE is set, the table is named docs.`,
  run
}
