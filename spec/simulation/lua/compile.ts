import { parse, type Expression, type FunctionDeclaration, type Statement } from 'luaparse';
import * as library from './library';
import { LuaTable, Unsimulated, type LuaValue } from './LuaTable';

/** A script that was compiled: runs with what Redis hands to it. */
export type Compiled = (redis: LuaTable, keys: LuaTable, args: LuaTable) => readonly LuaValue[];

const compiled = new Map<string, Compiled>();

/**
 * Compiles a Lua script of this library's to JavaScript: a part of Lua 5.1, as large as the scripts need it. What it does
 * not know it refuses, and never guesses. That the scripts mean the same on a real server is shown by
 * `scripts.spec.ts`, which runs both side by side.
 */
export function compile(source: string): Compiled {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const body = new Compiler(source).chunk(parse(source, { comments: false, ranges: true }).body);
  const text = `'use strict'; return (redis, KEYS, ARGV) => {\n${body}\nreturn [];\n};`;
  const names = ['lua', 'LuaTable', ...Object.keys(library.LIBRARY).map((name) => `g_${name}`)];
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  const made = new Function(...names, text)(library, LuaTable, ...Object.values(library.LIBRARY)) as Compiled;
  compiled.set(source, made);
  return made;
}

const ARITHMETIC = ['+', '-', '*', '/'];
const GIVEN = ['redis', 'KEYS', 'ARGV'];

/** Each local gets a name of its own, since Lua may declare one anew, from its former value. */
class Compiler {
  #names = 0;

  constructor(private readonly source: string) {}

  chunk(body: readonly Statement[]): string {
    return this.#block(body, new Scope(null));
  }

  #block(body: readonly Statement[], outer: Scope): string {
    const scope = new Scope(outer);
    return body.map((statement) => this.#statement(statement, scope)).join('\n');
  }

  #statement(statement: Statement, scope: Scope): string {
    switch (statement.type) {
      case 'LocalStatement': {
        const values = this.#values(statement.init, scope);
        const names = statement.variables.map(({ name }) => this.#declare(name, scope));
        return `let [${names.join(', ')}] = ${values};`;
      }
      case 'AssignmentStatement':
        return this.#assign(statement.variables, statement.init, scope);
      case 'CallStatement':
        return `${this.#multiple(statement.expression, scope)};`;
      case 'FunctionDeclaration': {
        if (statement.identifier?.type !== 'Identifier') throw new Unsimulated(statement.type);
        // Redis forbids it.
        if (!statement.isLocal) throw new Unsimulated(`the global ${statement.identifier.name}`);
        const name = this.#declare(statement.identifier.name, scope);
        return `let ${name} = ${this.#function(statement, scope)};`;
      }
      case 'IfStatement':
        return statement.clauses
          .map((clause) => {
            const body = `{\n${this.#block(clause.body, scope)}\n}`;
            if (clause.type === 'ElseClause') return body;
            return `if (${this.#condition(clause.condition, scope)}) ${body}`;
          })
          .join(' else ');
      case 'WhileStatement':
        return `while (${this.#condition(statement.condition, scope)}) {\n${this.#block(statement.body, scope)}\n}`;
      case 'DoStatement':
        return `{\n${this.#block(statement.body, scope)}\n}`;
      case 'ForNumericStatement': {
        const inner = new Scope(scope);
        const [start, end] = [statement.start, statement.end].map((one) => `lua.toNumber(${this.#single(one, scope)})`);
        const step = statement.step === null ? '1' : `lua.toNumber(${this.#single(statement.step, scope)})`;
        const name = this.#declare(statement.variable.name, inner);
        const body = this.#block(statement.body, inner);
        const head = `let at = ${start}, end = ${end}, step = ${step}; lua.isWithin(at, end, step); at += step`;
        // The variable is another one each time, and what is assigned to it moves nothing.
        return `for (${head}) {\nlet ${name} = at;\n${body}\n}`;
      }
      case 'ForGenericStatement': {
        const inner = new Scope(scope);
        const [iterator] = statement.iterators;
        if (iterator?.type !== 'CallExpression' || iterator.base.type !== 'Identifier')
          throw new Unsimulated(statement.type);
        if (iterator.base.name !== 'ipairs' || scope.find('ipairs') !== null) throw new Unsimulated(iterator.base.name);
        const list = this.#values(iterator.arguments, scope, true);
        const names = statement.variables.map(({ name }) => this.#declare(name, inner));
        const body = this.#block(statement.body, inner);
        const head = `let i = 0, list = lua.listOf(${list}); i < list.length; i += 1`;
        return `for (${head}) {\nlet [${names.join(', ')}] = [i + 1, list[i]];\n${body}\n}`;
      }
      case 'ReturnStatement':
        return `return ${this.#values(statement.arguments, scope)};`;
      case 'BreakStatement':
        return 'break;';
      case 'RepeatStatement':
      case 'GotoStatement':
      case 'LabelStatement':
        throw new Unsimulated(statement.type);
    }
  }

  #assign(variables: readonly Expression[], init: readonly Expression[], scope: Scope): string {
    const [target] = variables;
    if (target === undefined || variables.length > 1) throw new Unsimulated('an assignment to several');
    const value = `${this.#values(init, scope)}[0]`;
    if (target.type === 'Identifier') return `${this.#name(target.name, scope)} = ${value};`;
    if (target.type === 'MemberExpression') {
      const key = JSON.stringify(target.identifier.name);
      return `lua.setIndex(${this.#single(target.base, scope)}, ${key}, ${value});`;
    }
    if (target.type !== 'IndexExpression') throw new Unsimulated(target.type);
    const [base, index] = [this.#single(target.base, scope), this.#single(target.index, scope)];
    return `lua.setIndex(${base}, ${index}, ${value});`;
  }

  #condition(expression: Expression, scope: Scope): string {
    return `lua.isTrue(${this.#single(expression, scope)})`;
  }

  /** One value; what may be more is cut to its first. */
  #single(expression: Expression, scope: Scope): string {
    switch (expression.type) {
      case 'Identifier':
        return this.#name(expression.name, scope);
      case 'StringLiteral':
        return JSON.stringify(unquoted(expression.raw));
      case 'NumericLiteral':
      case 'BooleanLiteral':
        return String(expression.value);
      case 'NilLiteral':
        return 'undefined';
      case 'VarargLiteral':
      case 'CallExpression':
        return `${this.#multiple(expression, scope)}[0]`;
      case 'FunctionDeclaration':
        return this.#function(expression, scope);
      case 'IndexExpression':
        return `lua.index(${this.#single(expression.base, scope)}, ${this.#single(expression.index, scope)})`;
      case 'MemberExpression': {
        const key = JSON.stringify(expression.identifier.name);
        return `lua.index(${this.#single(expression.base, scope)}, ${key})`;
      }
      case 'TableConstructorExpression':
        return this.#table(expression.fields, scope);
      case 'UnaryExpression':
        return this.#unary(expression.operator, this.#single(expression.argument, scope));
      case 'LogicalExpression': {
        const [left, right] = [this.#single(expression.left, scope), this.#single(expression.right, scope)];
        const value = this.#fresh('either');
        const test = expression.operator === 'and' ? `lua.isTrue(${value})` : `!lua.isTrue(${value})`;
        return `((${value}) => ${test} ? ${right} : ${value})(${left})`;
      }
      case 'BinaryExpression':
        return this.#binary(
          expression.operator,
          this.#single(expression.left, scope),
          this.#single(expression.right, scope),
        );
      case 'StringCallExpression':
      case 'TableCallExpression':
        throw new Unsimulated(expression.type);
    }
  }

  #unary(operator: string, value: string): string {
    if (operator === 'not') return `!lua.isTrue(${value})`;
    if (operator === '#') return `lua.lengthOf(${value})`;
    if (operator === '-') return `-lua.toNumber(${value})`;
    throw new Unsimulated(operator);
  }

  #binary(operator: string, left: string, right: string): string {
    if (ARITHMETIC.includes(operator)) return `(lua.toNumber(${left}) ${operator} lua.toNumber(${right}))`;
    switch (operator) {
      case '==':
        return `(${left} === ${right})`;
      case '~=':
        return `(${left} !== ${right})`;
      case '<':
        return `lua.isLess(${left}, ${right})`;
      case '>':
        return `lua.isLess(${right}, ${left})`;
      case '<=':
        return `lua.isAtMost(${left}, ${right})`;
      case '>=':
        return `lua.isAtMost(${right}, ${left})`;
      case '..':
        return `(lua.toText(${left}) + lua.toText(${right}))`;
      default:
        throw new Unsimulated(operator);
    }
  }

  #table(fields: readonly unknown[], scope: Scope): string {
    const list: Expression[] = [];
    const named: string[] = [];
    for (const field of fields as readonly { type: string; key?: { name: string }; value: Expression }[]) {
      if (field.type === 'TableValue') list.push(field.value);
      else if (field.type !== 'TableKeyString') throw new Unsimulated(field.type);
      else named.push(`[${JSON.stringify(field.key?.name)}, ${this.#single(field.value, scope)}]`);
    }
    return `new LuaTable(${this.#values(list, scope)}, [${named.join(', ')}])`;
  }

  /** A list of values: what comes last may be many. */
  #values(expressions: readonly Expression[], scope: Scope, isCalled = false): string {
    const last = expressions.at(-1);
    if (last === undefined) return '[]';
    const isMany = last.type === 'CallExpression' || last.type === 'VarargLiteral';
    if (isMany) this.#refuseParentheses(last, isCalled);
    if (expressions.length === 1 && isMany) return this.#multiple(last, scope);
    const singles = (isMany ? expressions.slice(0, -1) : expressions).map((one) => this.#single(one, scope));
    return `[${[...singles, ...(isMany ? [`...${this.#multiple(last, scope)}`] : [])].join(', ')}]`;
  }

  /** They cut what may be many to one, and the parser does not tell them. A call has its own. */
  #refuseParentheses(expression: Expression, isCalled: boolean): void {
    // Its types know the range of some nodes only.
    const { range } = expression as { readonly range?: readonly [number, number] };
    const before = this.source.slice(0, range?.[0]).trimEnd();
    if ((isCalled ? /\(\s*\($/ : /\($/).test(before)) throw new Unsimulated('parentheses around what may be many');
  }

  #multiple(expression: Expression, scope: Scope): string {
    if (expression.type === 'VarargLiteral') {
      if (!scope.isVariadic) throw new Unsimulated('the arguments of a script');
      return 'rest';
    }
    if (expression.type !== 'CallExpression') throw new Unsimulated(expression.type);
    return `lua.call(${this.#single(expression.base, scope)}, ${this.#values(expression.arguments, scope, true)})`;
  }

  #function({ parameters, body }: FunctionDeclaration, outer: Scope): string {
    const isVariadic = parameters.some(({ type }) => type === 'VarargLiteral');
    const scope = new Scope(outer, isVariadic);
    const names = parameters.map((one) => (one.type === 'Identifier' ? this.#declare(one.name, scope) : '...rest'));
    return `(${names.join(', ')}) => {\n${this.#block(body, scope)}\nreturn [];\n}`;
  }

  #declare(name: string, scope: Scope): string {
    const own = this.#fresh(name);
    scope.names.set(name, own);
    return own;
  }

  #fresh(name: string): string {
    this.#names += 1;
    return `${name}_${this.#names}`;
  }

  #name(name: string, scope: Scope): string {
    const local = scope.find(name);
    if (local !== null) return local;
    if (GIVEN.includes(name)) return name;
    if (name in library.LIBRARY) return `g_${name}`;
    throw new Unsimulated(`the global ${name}`);
  }
}

class Scope {
  readonly names = new Map<string, string>();

  constructor(
    private readonly outer: Scope | null,
    /** In a function that takes any number of arguments. */
    readonly isVariadic: boolean = outer?.isVariadic ?? false,
  ) {}

  find(name: string): string | null {
    return this.names.get(name) ?? this.outer?.find(name) ?? null;
  }
}

function unquoted(raw: string): string {
  const inner = raw.slice(1, -1);
  if (inner.includes('\\') || raw.startsWith('[')) throw new Unsimulated(raw);
  return inner;
}
