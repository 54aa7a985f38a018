// Between leakscope and the functions of a script's processor: the same in the embedded engine and
// in Node.js. Calls come in as JSON texts and are answered as JSON texts; every session keeps a
// context of its own between calls, so that functions may leave there what is no JSON.
(function (host) {
  'use strict';

  const sessions = new Map();
  let functions = {};
  let events = [];

  const emitter = {
    emit(kind, name, value) {
      if (kind === 'customStat' && name && typeof name === 'object') {
        events.push(['histogram', String(name.stat), Number(name.value)]);
      } else if (kind === 'counter' || kind === 'histogram' || kind === 'rate') {
        events.push([kind, String(name), value === undefined ? 1 : Number(value)]);
      } else if (kind === 'error') {
        events.push(['counter', 'errors.' + (name && name.message ? name.message : String(name)), 1]);
      }
      return true;
    },
    on() { return emitter; },
    once() { return emitter; },
    off() { return emitter; },
    removeListener() { return emitter; },
  };

  function randomNumber(low, high) {
    const [from, to] = high === undefined ? [0, low] : [low, high];
    return Math.floor(Math.random() * (to - from + 1)) + from;
  }

  function randomString(length) {
    const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    let text = '';
    while (text.length < (length === undefined ? 10 : length)) {
      text += letters[Math.floor(Math.random() * letters.length)];
    }
    return text;
  }

  function contextOf(call) {
    let kept = sessions.get(call.session);
    if (!kept) {
      const context = {
        vars: {},
        funcs: { $randomNumber: randomNumber, $randomString: randomString },
        scenario: { name: call.scenario },
        _uid: call.vars.$uuid,
      };
      kept = { context, known: {} };
      sessions.set(call.session, kept);
    }
    const vars = kept.context.vars;
    for (const name of Object.keys(kept.known)) {
      if (!(name in call.vars)) {
        delete vars[name];
        delete kept.known[name];
      }
    }
    for (const name of Object.keys(call.vars)) {
      const text = JSON.stringify(call.vars[name]);
      if (kept.known[name] !== text) {
        vars[name] = call.vars[name];
        kept.known[name] = text;
      }
    }
    return kept;
  }

  // What the function has changed, as texts are compared.
  function changes(kept) {
    const vars = kept.context.vars;
    const changed = {};
    const gone = [];
    for (const name of Object.keys(vars)) {
      let text;
      try {
        text = JSON.stringify(vars[name]);
      } catch (_cyclic) {
        continue;
      }
      if (text !== undefined && kept.known[name] !== text) {
        changed[name] = JSON.parse(text);
        kept.known[name] = text;
      }
    }
    for (const name of Object.keys(kept.known)) {
      if (!(name in vars) || vars[name] === undefined) {
        gone.push(name);
        delete kept.known[name];
      }
    }
    return { changed, gone };
  }

  function words(error) {
    if (error && typeof error === 'object' && error.message !== undefined) {
      return String(error.message);
    }
    return String(error);
  }

  function parameters(call, context, done) {
    switch (call.kind) {
      case 'beforeRequest': return [call.request, context, emitter, done];
      case 'afterResponse': return [call.request, call.response, context, emitter, done];
      case 'onError': return [new Error(call.error), call.request, context, emitter, done];
      case 'whileTrue': return [context, done];
      case 'condition': return [context.vars];
      case 'connect': return [call.request, context, done];
      default: return [context, emitter, done];
    }
  }

  function isAsync(f) {
    return f.constructor && f.constructor.name === 'AsyncFunction';
  }

  function call(text) {
    const message = JSON.parse(text);
    const kept = contextOf(message);
    let isAnswered = false;
    const answer = (error, value) => {
      if (isAnswered) return;
      isAnswered = true;
      const { changed, gone } = changes(kept);
      const reply = { id: message.id, vars: changed, gone, events };
      events = [];
      if (error !== undefined && error !== null) reply.error = words(error);
      if (value !== undefined) reply.value = value;
      if (message.request !== undefined) reply.request = message.request;
      host.reply(JSON.stringify(reply));
    };
    const saysValue = message.kind === 'whileTrue' || message.kind === 'condition';
    const done = saysValue
      ? (value) => answer(null, Boolean(value))
      : (error) => answer(error);
    try {
      const f = functions[message.name];
      if (typeof f !== 'function') throw new Error(`there is no function \`${message.name}\``);
      const given = parameters(message, kept.context, done);
      const result = f.apply(functions, given);
      if (message.kind === 'condition') {
        answer(null, Boolean(result));
      } else if (result && typeof result.then === 'function') {
        result.then((value) => answer(null, saysValue ? Boolean(value) : undefined), answer);
      } else if (saysValue && typeof result === 'boolean') {
        answer(null, result);
      } else if (f.length < given.length && !isAsync(f)) {
        // It has no parameter for `done`, so it has ended.
        answer(null, saysValue ? Boolean(result) : undefined);
      }
    } catch (error) {
      answer(error === undefined || error === null ? new Error('it threw nothing') : error);
    }
  }

  return {
    // Takes the processor's exports; the names of its functions.
    start(exported) {
      functions = exported && exported.default && typeof exported.default === 'object'
        ? Object.assign({}, exported.default, exported)
        : exported || {};
      return Object.keys(functions).filter((name) => typeof functions[name] === 'function');
    },
    call,
    forget(session) { sessions.delete(session); },
  };
})
