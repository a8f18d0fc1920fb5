import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { CONNECTION_KEYS } from '../../../lib/config/Connection';
import { CREDENTIAL_KEYS } from '../../../lib/config/Login';
import { OPTION_KEYS } from '../../../lib/config/readOptions';
import { Programs } from './programs';
import { ROOT, type Block } from './readme';

const NAME = 'pip-services4-redlock-node';
const HEAD = `import * as library from '${NAME}';\nconst lock = new library.RedisLock();\n`;

const ACCEPTED: Readonly<Record<string, string>> = {
  'one master at the top level': "lock.configure({ host: 'a', port: 6379 });",
  'texts and sections': "lock.configure({ connections: ['redis://a:6379', { host: 'b', port: '6379' }] });",
  'one text': "lock.configure({ connections: 'redis://a:6379,redis://b:6379' });",
  'sections by name':
    "lock.configure({ connections: { a: { host: 'a' } }, credentials: { a: { username: 'u', password: 'p' } } });",
  'mapped sections':
    "lock.configure({ connections: [1, 2].map((port) => ({ host: 'a', port })), options: { ttl: 5_000 } });",
  'a read-only list': "const all = ['redis://a:1'] as const; lock.configure({ connections: all });",
  TLS: "lock.configure({ connection: { host: 'a', tls: { ca: 'x', servername: 'a' } } }); lock.configure({ host: 'a', tls: true });",
  Sentinels: "lock.configure({ connections: [{ sentinels: ['a:1', { host: 'b', port: 2 }], master_name: 'm' }] });",
  'values of the environment': 'lock.configure({ uri: process.env.REDIS_URL, password: process.env.REDIS_PASSWORD });',
  'dotted keys': "lock.configure({ 'connection.host': 'a', 'options.retries': 3 });",
  'dotted keys beside sections': "lock.configure({ 'connection.host': 'a', options: { quorum: 'majority' } });",
  'Pip.Services parameters': "lock.configure(library.ConfigParams.fromTuples('host', 'a'));",
  'an object of unknown shape': "lock.configure(JSON.parse('{}') as Record<string, unknown>);",
  "an application's own interface":
    'interface Settings { readonly connections: string[]; readonly options: { readonly ttl: number }; }\n' +
    'export const use = (settings: Settings): void => lock.configure(settings);',
  "an application's own class":
    "class Settings { connection = { host: 'a', port: 1 }; options?: { retries?: number } }\nlock.configure(new Settings());",
  'the exported type': "const config: library.RedisLockConfig = { connection: 'redis://a:1' }; lock.configure(config);",
};

const REFUSED: Readonly<Record<string, readonly [text: string, named: string]>> = {
  'a misspelled section': ["lock.configure({ conections: ['redis://a:1'] });", 'conections'],
  'a misspelled section beside others': ["lock.configure({ host: 'a', conections: [] });", 'conections'],
  'an option in camel case': ["lock.configure({ host: 'a', options: { retryTimeout: 5 } });", 'retryTimeout'],
  'an option in camel case, alone': ['lock.configure({ options: { retryTimeout: 5 } });', 'retryTimeout'],
  'an option in camel case beside a dotted key': [
    "lock.configure({ 'connection.host': 'a', options: { retryTimeout: 5 } });",
    'retryTimeout',
  ],
  'a adress': ["lock.configure({ connection: { adress: 'redis://a:1' } });", 'adress'],
  'a adress in a list': ["lock.configure({ connections: [{ adress: 'redis://a:1' }] });", 'adress'],
  'a adress in a named section': ["lock.configure({ connections: { a: { adress: 'redis://a:1' } } });", 'adress'],
  'a adress at the top level': ["lock.configure({ adress: 'redis://a:1' });", 'adress'],
  'an unknown key of TLS': ["lock.configure({ host: 'a', tls: { caFile: 'x' } });", 'caFile'],
  'a flag in place of a number': [
    "const options: library.RedisLockOptions = { ttl: true };\nlock.configure({ host: 'a', options });",
    "'true'",
  ],
};

/** What may be written behind `tls.`, and so on, is in the type; a key that is read and not in it would not compile. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  RedisConnectionConfig: CONNECTION_KEYS.filter((key) => !key.includes('.')),
  RedisTlsConfig: CONNECTION_KEYS.filter((key) => key.startsWith('tls.')).map((key) => key.slice('tls.'.length)),
  RedisCredentialConfig: CREDENTIAL_KEYS,
  RedisLockOptions: OPTION_KEYS,
};

describe('The type of the configuration', function () {
  this.timeout(300_000);
  let found: readonly string[] = [];
  let programs: Programs;
  const lineOf = (index: number): number => 1000 * (index + 1);
  const texts = [...Object.values(ACCEPTED), ...Object.values(REFUSED).map(([text]) => text)];

  before(() => {
    programs = new Programs();
    const blocks = texts.map((text, index): Block => ({ language: 'ts', line: lineOf(index), text: HEAD + text }));
    found = programs.check(blocks);
  });
  after(() => programs.remove());

  const foundAt = (index: number): readonly string[] => {
    const of = (text: string): number => Math.floor(Number(/^README\.md:(\d+)/.exec(text)?.[1]) / 1000) * 1000;
    return found.filter((text) => of(text) === lineOf(index));
  };

  for (const [index, title] of Object.keys(ACCEPTED).entries()) {
    it(`accepts ${title}`, () => {
      expect(foundAt(index)).to.deep.equal([]);
    });
  }

  for (const [index, [title, [, named]]] of Object.entries(REFUSED).entries()) {
    it(`refuses ${title}`, () => {
      expect(foundAt(Object.keys(ACCEPTED).length + index).join('\n')).to.include(named);
    });
  }

  it('completes in an editor', () => {
    const file = join(ROOT, 'spec', 'completed.ts');
    const text = "import { RedisLock } from '../lib';\nnew RedisLock().configure({ /*1*/ options: { /*2*/ } });\n";
    const host: ts.LanguageServiceHost = {
      getScriptFileNames: () => [file],
      getScriptVersion: () => '1',
      getScriptSnapshot: (name) => {
        const read = name === file ? text : ts.sys.readFile(name);
        return read === undefined ? undefined : ts.ScriptSnapshot.fromString(read);
      },
      getCurrentDirectory: () => ROOT,
      getCompilationSettings: () => ({ module: ts.ModuleKind.Node20, strict: true, types: ['node'] }),
      getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
      fileExists: (name) => name === file || ts.sys.fileExists(name),
      readFile: (name) => (name === file ? text : ts.sys.readFile(name)),
    };
    const service = ts.createLanguageService(host);
    const offered = (mark: string): readonly string[] =>
      service.getCompletionsAtPosition(file, text.indexOf(mark), {})?.entries.map(({ name }) => name) ?? [];

    expect(offered('/*1*/')).to.include.members(['connections', 'connection', 'credential', 'host', 'uri']);
    expect(offered('/*2*/')).to.have.members(OPTION_KEYS);
  });

  it('has every key that is read, and no other', () => {
    const file = join(ROOT, 'lib', 'config', 'RedisLockConfig.ts');
    const source = ts.createSourceFile(file, ts.sys.readFile(file) ?? '', ts.ScriptTarget.Latest);
    const interfaces = source.statements.filter(ts.isInterfaceDeclaration);
    const keys = interfaces.map(({ name, members }): [string, string[]] => [
      name.text,
      members.flatMap((member) =>
        member.name !== undefined && ts.isIdentifier(member.name) ? [member.name.text] : [],
      ),
    ]);

    const typed = new Map(keys);
    for (const [name, read] of Object.entries(TYPES)) expect(typed.get(name), name).to.have.members([...read]);
  });
});
