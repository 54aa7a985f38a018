//! The statements that add to a variable or property.
//!
//! Owns what counts as adding: elements, the methods that containers and emitters have for it, and
//! a variable set to something made from its own old value. What is set to nothing (`x[key] =
//! null`) is not added.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentOperator, BinaryOperator, CallExpression, Expression,
    MemberExpression,
};
use oxc_semantic::NodeId;
use oxc_span::{GetSpan, Span};

use super::Extraction;
use super::targets::{Left, unwrapped};
use crate::How;
use crate::facts::{AdditionFact, At, Target};

/// Methods that add their arguments to the object that they are called on.
const ADDING: [&str; 21] = [
    "push",
    "unshift",
    "add",
    "set",
    "append",
    "prepend",
    "insert",
    "enqueue",
    "put",
    "store",
    "register",
    "subscribe",
    "appendChild",
    "on",
    "once",
    "addListener",
    "addEventListener",
    "prependListener",
    "prependOnceListener",
    "splice",
    "defer",
];

/// Methods that take arguments and do not add them.
const NOT_ADDING: [&str; 49] = [
    "get",
    "has",
    "delete",
    "clear",
    "at",
    "forEach",
    "map",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flatMap",
    "some",
    "every",
    "reduce",
    "reduceRight",
    "indexOf",
    "lastIndexOf",
    "includes",
    "join",
    "slice",
    "concat",
    "sort",
    "toSorted",
    "fill",
    "with",
    "flat",
    "pop",
    "shift",
    "keys",
    "values",
    "entries",
    "hasOwnProperty",
    "isPrototypeOf",
    "toString",
    "test",
    "exec",
    "match",
    "replace",
    "replaceAll",
    "split",
    "startsWith",
    "endsWith",
    "off",
    "removeListener",
    "removeEventListener",
    "removeAllListeners",
    "emit",
];

/// Methods by which something waits for the promise that they are called on.
const REACTING: [&str; 3] = ["then", "catch", "finally"];

/// Functions of `Promise` that wait for all promises of a list.
const COMBINING: [&str; 4] = ["race", "any", "all", "allSettled"];

/// Methods whose result holds the object that they are called on.
const BUILDING_ON: [&str; 5] = ["concat", "then", "catch", "finally", "pipe"];

/// How deep a value is searched for one made from the old value.
const DEPTH: usize = 8;

impl<'a> Extraction<'_, 'a> {
    pub(super) fn additions(&mut self, node: AstKind<'a>) {
        match node {
            AstKind::AssignmentExpression(assignment) => self.assignment(assignment),
            AstKind::CallExpression(call) => self.call(call),
            AstKind::AwaitExpression(awaited) => {
                let at = self.at_start(awaited.node_id.get(), awaited.span);
                self.waits_for(&awaited.argument, at);
            }
            _ => {}
        }
    }

    fn assignment(&mut self, assignment: &AssignmentExpression<'a>) {
        if is_nothing(&assignment.right) {
            return;
        }
        let (id, span) = (assignment.node_id.get(), assignment.span);
        match self.left(&assignment.left) {
            Some(Left::Target(target)) => {
                if let Some(how) = self.regrown(&target, assignment) {
                    self.add(target, how, self.at_start(id, span));
                }
                self.property(assignment);
            }
            Some(Left::Part(object)) => {
                self.add_to(object, How::Element, id, span);
            }
            None => {}
        }
    }

    /// `x.name = value`
    fn property(&mut self, assignment: &AssignmentExpression<'a>) {
        let left = assignment.left.as_simple_assignment_target();
        let Some(member) = left.and_then(|left| left.as_member_expression()) else {
            return;
        };
        let is_size = member.static_property_name() == Some("length");
        if is_size || unwrapped(&assignment.right).is_literal() {
            return;
        }
        let at = self.at_start(assignment.node_id.get(), assignment.span);
        if let Some(target) = self.target_of(member.object()) {
            self.add(target, How::Property, at);
        }
    }

    /// How a variable grows by being set to a value made from its old one.
    fn regrown(&self, target: &Target, assignment: &AssignmentExpression<'a>) -> Option<How> {
        let value = &assignment.right;
        match assignment.operator {
            AssignmentOperator::Addition if !is_number(value) => Some(How::Appended),
            AssignmentOperator::Assign => self
                .builds_on(target, value, DEPTH)
                .then_some(How::Reassigned),
            _ => None,
        }
    }

    fn builds_on(&self, target: &Target, value: &Expression<'a>, depth: usize) -> bool {
        if depth == 0 {
            return false;
        }
        let within = |span: Span| self.mentions_within(target, span);
        let deeper = |value: &Expression<'a>| self.builds_on(target, value, depth - 1);
        match unwrapped(value) {
            Expression::ArrayExpression(array) => within(array.span),
            Expression::ObjectExpression(object) => within(object.span),
            Expression::TemplateLiteral(template) => within(template.span),
            Expression::NewExpression(new) => within(new.span),
            // What it was is often copied first: `const before = x; x = () => before()`.
            Expression::ArrowFunctionExpression(function) => self.captures(target, function.span),
            Expression::FunctionExpression(function) => self.captures(target, function.span),
            Expression::BinaryExpression(sum) => {
                sum.operator == BinaryOperator::Addition
                    && !is_number(&sum.left)
                    && !is_number(&sum.right)
                    && within(sum.span)
            }
            Expression::ConditionalExpression(choice) => {
                deeper(&choice.consequent) || deeper(&choice.alternate)
            }
            Expression::LogicalExpression(choice) => deeper(&choice.right),
            Expression::AwaitExpression(awaited) => deeper(&awaited.argument),
            Expression::AssignmentExpression(inner) => deeper(&inner.right),
            Expression::CallExpression(call) => self.call_builds_on(target, call),
            _ => false,
        }
    }

    fn captures(&self, target: &Target, span: Span) -> bool {
        let same = self.facts.aliases.same_as(target);
        same.iter().any(|name| self.mentions_within(name, span))
    }

    fn call_builds_on(&self, target: &Target, call: &CallExpression<'a>) -> bool {
        let Some(callee) = callee(call) else {
            return false;
        };
        let Some(method) = callee.static_property_name() else {
            return false;
        };
        let on_it = self.target_of(callee.object()).as_ref() == Some(target);
        let given = call
            .arguments
            .iter()
            .any(|a| self.mentions_within(target, a.span()));
        (on_it && BUILDING_ON.contains(&method)) || (given && method == "concat")
    }

    fn call(&mut self, call: &CallExpression<'a>) {
        let Some(callee) = callee(call) else { return };
        let Some(method) = callee.static_property_name() else {
            return;
        };
        let Some(first) = call.arguments.first() else {
            return;
        };
        let at = self.at_call(call);
        if matches!(method, "apply" | "call") {
            self.borrowed_method(callee, first, at);
        } else if is_reflection(callee, method) {
            let target = first
                .as_expression()
                .and_then(|object| self.target_of(object));
            if let Some(target) = target {
                self.add(target, How::Call(method.to_owned()), at);
            }
        } else if ADDING.contains(&method) {
            let only_removes = method == "splice" && call.arguments.len() < 3;
            if !only_removes {
                self.add_to_at(callee.object(), How::Call(method.to_owned()), at);
            }
        } else if REACTING.contains(&method) {
            self.waits_for(callee.object(), at);
        } else if COMBINING.contains(&method) && callee.object().is_specific_id("Promise") {
            let Some(Expression::ArrayExpression(list)) = first.as_expression().map(unwrapped)
            else {
                return;
            };
            let promises = list.elements.iter().filter_map(|e| e.as_expression());
            promises.for_each(|promise| self.waits_for(promise, at.clone()));
        } else if !NOT_ADDING.contains(&method)
            && let Some(target) = self.target_of(callee.object())
        {
            self.add(target, How::Property, at);
        }
    }

    fn waits_for(&mut self, promise: &Expression<'a>, at: At) {
        if let Some(target) = self.target_of(promise) {
            self.add(target, How::Reaction, at);
        }
    }

    /// `x.push.apply(x, values)`, `Array.prototype.push.apply(x, values)`
    fn borrowed_method(&mut self, callee: &MemberExpression<'a>, first: &Argument<'a>, at: At) {
        let Some(method) = unwrapped(callee.object()).get_member_expr() else {
            return;
        };
        let Some(name) = method.static_property_name() else {
            return;
        };
        let target = first
            .as_expression()
            .and_then(|object| self.target_of(object));
        if let Some(target) = target.filter(|_| ADDING.contains(&name)) {
            self.add(target, How::Call(name.to_owned()), at);
        }
    }

    fn add_to(&mut self, object: &Expression<'a>, how: How, id: NodeId, span: Span) {
        self.add_to_at(object, how, self.at_start(id, span));
    }

    /// Adds to what an expression stands for, or to what that is inside of.
    fn add_to_at(&mut self, object: &Expression<'a>, how: How, at: At) {
        if let Some(target) = self.target_of(object) {
            // A call that has a target reads a private field: a value in the map that is the target.
            let is_value = matches!(unwrapped(object), Expression::CallExpression(_));
            self.add(target, if is_value { How::Inside } else { how }, at);
        } else if let Some(container) = self.container_of(object) {
            self.add(container, How::Inside, at);
        }
    }

    fn add(&mut self, target: Target, how: How, at: At) {
        self.facts.additions.push(AdditionFact { target, how, at });
    }

    /// A call is told by the line it begins on; one at the end of a chain over several lines by
    /// the line of its own method.
    pub(super) fn at_call(&self, call: &CallExpression<'a>) -> At {
        let at = self.at_start(call.node_id.get(), call.span);
        let Some(callee) = callee(call) else {
            return at;
        };
        let is_chained = matches!(unwrapped(callee.object()), Expression::CallExpression(_));
        let own = callee.static_property_info().filter(|_| is_chained);
        own.map_or(at.clone(), |(name, _)| At {
            offset: name.start,
            ..at
        })
    }
}

fn callee<'e, 'a>(call: &'e CallExpression<'a>) -> Option<&'e MemberExpression<'a>> {
    call.callee.get_inner_expression().get_member_expr()
}

/// `Object.assign(x, …)`, `Reflect.set(x, …)` and the like.
fn is_reflection(callee: &MemberExpression<'_>, method: &str) -> bool {
    let object = unwrapped(callee.object());
    match method {
        "assign" | "defineProperties" => object.is_specific_id("Object"),
        "defineProperty" => object.is_specific_id("Object") || object.is_specific_id("Reflect"),
        "set" => object.is_specific_id("Reflect"),
        _ => false,
    }
}

fn is_nothing(value: &Expression<'_>) -> bool {
    unwrapped(value).is_null_or_undefined()
}

fn is_number(value: &Expression<'_>) -> bool {
    unwrapped(value).is_number_literal()
}
