'use strict';

// A calculator in reverse Polish notation. The stack belongs to the caller: a plain array of
// numbers. A word that cannot be carried out leaves it as it was.

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

// Numbers a stack holds at most.
const DEEPEST = 512;

const OPERATORS = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

/** Carries out the words of one message and returns the answers: a number has none. */
function calculate(ops, message) {
  const words = message.split(/\s+/).filter(Boolean);
  return words.map((word) => step(ops, word)).filter((answer) => answer !== undefined);
}

function step(ops, word) {
  if (Object.hasOwn(OPERATORS, word)) return operate(ops, word);
  if (!NUMBER.test(word) || !Number.isFinite(Number(word))) {
    return `error: '${word.slice(0, 32)}' is neither a number nor an operator`;
  }
  if (ops.length === DEEPEST) return 'error: the stack is full';
  ops.push(Number(word));
}

function operate(ops, word) {
  if (ops.length < 2) return `error: '${word}' needs two operands`;
  const [a, b] = ops.slice(-2);
  if (word === '/' && b === 0) return 'error: division by zero';
  const result = OPERATORS[word](a, b);
  if (!Number.isFinite(result)) return 'error: the result is out of range';
  ops.splice(-2, 2, result);
  return String(result);
}

module.exports = { calculate };
