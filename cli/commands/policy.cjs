'use strict'

/** `policy`: prints the minimal permissions as a policy or as infrastructure code. Sends no request. */

const { invalidArgument } = require('../../lib/arguments.js')

const READ = ['DescribeTable', 'Query', 'GetItem']
const WRITE = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']

const FORMS = { cdk, cloudformation, terraform }

async function run(context) {
  const { options, output } = context
  const forms = Object.keys(FORMS).filter(form => options[form])
  if (forms.length > 1)
    throw invalidArgument(`one form at a time, not ${forms.map(form => `--${form}`).join(' and ')}`)
  if (options['read-only'] && options['with-create'])
    throw invalidArgument('--read-only and --with-create exclude each other')
  if (options.account !== undefined && !/^\d{12}$/.test(options.account)) {
    throw invalidArgument(`--account is ${JSON.stringify(options.account)}, not the 12 digits of an account`)
  }
  const name = options.table ?? 'docs'
  const actions = actionsOf(options)
  const arn = name.startsWith('arn:')
    ? name
    : `arn:aws:dynamodb:${options.region ?? 'REGION'}:${options.account ?? 'ACCOUNT'}:table/${name}`
  const text = forms.length === 0 ? policy(actions, arn) : FORMS[forms[0]](actions, name, arn)
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
    'account': { value: 'ID', help: 'the account in the ARN (default: ACCOUNT, to be replaced)' },
    'read-only': { help: 'only what reads need' },
    'with-scan': { help: 'also list and clear all documents, and the commands with --all' },
    'with-create': { help: 'also create the table' },
    'cdk': { help: 'as AWS CDK code, with the table' },
    'cloudformation': { help: 'as a CloudFormation template, with the table' },
    'terraform': { help: 'as Terraform code, with the table' }
  },
  summary: 'Prints the IAM policy that a server needs, and no more.',
  details: 'Makes no request. Without --table the table is called docs.',
  run
}
