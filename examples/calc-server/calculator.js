'use strict';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const DEEPEST = 512;

const operators = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

/**
 * Takes one word in: a number is pushed, an operator pops two operands and pushes their result.
 * Returns the answer, or `undefined` where there is none. After an error the stack is as before.
 */
function calculate(stack, word) {
  if (NUMBER.test(word) && Number.isFinite(Number(word))) {
    if (stack.length === DEEPEST) return 'error: the stack is full';
    stack.push(Number(word));
    return undefined;
  }
  const operator = Object.hasOwn(operators, word) ? operators[word] : undefined;
  if (!operator) return `error: '${word.slice(0, 32)}' is neither a number nor an operator`;
  if (stack.length < 2) return `error: '${word}' needs two operands`;
  const [a, b] = stack.slice(-2);
  if (word === '/' && b === 0) return 'error: division by zero';
  const result = operator(a, b);
  if (!Number.isFinite(result)) return 'error: the result is out of range';
  stack.splice(-2, 2, result);
  return String(result);
}

module.exports = { calculate };
