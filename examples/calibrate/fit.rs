//! Fitting: a logistic model and a network with one hidden layer, from cases with their features and outcomes.

use footnote::qa::claim::witness::{DIRECTION, HIDDEN, Models, Network};
use std::collections::BTreeSet;

/// The models of claims as a Rust expression.
pub fn expression(models: &Models) -> String {
    let Models { similarity, addressed, direction } = models;
    let (addressed, out) = (list(&addressed.0), list(&direction.out));
    let hidden: String = direction.hidden.iter().map(|weights| format!("            [{}],\n", list(weights))).collect();
    format!(
        "Models {{\n    similarity: {similarity:?},\n    addressed: Model([{addressed}]),\n    direction: Network {{\n        hidden: [\n{hidden}        ],\n        out: [{out}],\n    }},\n}}\n"
    )
}

/// Numbers as they stand in a Rust expression.
pub fn list(numbers: &[f32]) -> String {
    numbers.iter().map(|w| format!("{w:.3}")).collect::<Vec<_>>().join(", ")
}

/// Fits a logistic model by gradient descent on standardised features, with a little shrinkage. `balanced`
/// makes both outcomes weigh the same, however many cases each has. A weight whose direction is known beforehand (`signs`)
/// may not take the other one: that would be an accident of the sample.
pub fn logistic<const N: usize>(cases: &[([f32; N], bool)], signs: [i8; N], balanced: bool) -> [f32; N] {
    let count = cases.len().max(1) as f64;
    let (mean, spread) = standard(cases.iter().map(|(f, _)| f), 1e-6);
    let yes = cases.iter().filter(|(_, y)| *y).count() as f64 / count;
    let mut weights = [0.0; N];
    for _ in 0..600 {
        let mut gradient = [0.0; N];
        for (f, y) in cases {
            let x = |i: usize| if i == 0 { 1.0 } else { (f64::from(f[i]) - mean[i]) / spread[i] };
            let logit: f64 = (0..N).map(|i| weights[i] * x(i)).sum();
            let balance = match (balanced, y) {
                (false, _) => 1.0,
                (true, true) => 0.5 / yes,
                (true, false) => 0.5 / (1.0 - yes),
            };
            let pull = balance * (f64::from(u8::from(*y)) - 1.0 / (1.0 + (-logit).exp()));
            for (i, g) in gradient.iter_mut().enumerate() {
                *g += pull * x(i);
            }
        }
        for (i, w) in weights.iter_mut().enumerate() {
            *w += 1.0 * (gradient[i] / count - if i == 0 { 0.0 } else { 0.001 * *w });
            if f64::from(signs[i]) * *w < 0.0 {
                *w = 0.0;
            }
        }
    }
    let mut plain = [0.0; N];
    for i in 1..N {
        plain[i] = weights[i] / spread[i];
        plain[0] -= plain[i] * mean[i];
    }
    plain[0] += weights[0];
    let chance = |f: &[f32; N]| 1.0 / (1.0 + (-(0..N).map(|i| plain[i] * f64::from(f[i])).sum::<f64>()).exp());
    let right = cases.iter().filter(|(f, y)| (chance(f) >= 0.5) == *y).count() as f64 / count;
    println!("cases: {}, right {right:.3}", cases.len());
    sure(&cases.iter().map(|(f, y)| (chance(f), *y)).collect::<Vec<_>>());
    plain.map(|w| w as f32)
}

/// Mean of each feature and its spread, the latter not below `least`. The first feature is one, and stays.
fn standard<'a, const N: usize>(cases: impl Iterator<Item = &'a [f32; N]> + Clone, least: f64) -> ([f64; N], [f64; N]) {
    let count = cases.clone().count().max(1) as f64;
    let mut mean = [0.0; N];
    let mut spread = [1.0; N];
    for i in 1..N {
        mean[i] = cases.clone().map(|f| f64::from(f[i])).sum::<f64>() / count;
        spread[i] = (cases.clone().map(|f| (f64::from(f[i]) - mean[i]).powi(2)).sum::<f64>() / count).sqrt().max(least);
    }
    (mean, spread)
}

/// Prints how many cases are decided from which chance on, and how many of them rightly.
fn sure(cases: &[(f64, bool)]) {
    for at in [0.6, 0.7, 0.8, 0.9] {
        let sure: Vec<bool> = cases.iter().filter(|(p, _)| p.max(1.0 - p) >= at).map(|(p, y)| (*p >= 0.5) == *y).collect();
        let right = sure.iter().filter(|r| **r).count() as f64 / sure.len().max(1) as f64;
        println!("  at {at}: {:.3} decided, {right:.3} of them right", sure.len() as f64 / cases.len().max(1) as f64);
    }
}

/// Networks that are fitted from different starts and speak together, as parts of one: what one learns by accident, the
/// others do not.
const MEMBERS: usize = 4;
/// Hidden sums of each.
const SUMS: usize = HIDDEN / MEMBERS;
/// Times that a network sees every case.
const EPOCHS: usize = 40;
/// Cases of one step.
const BATCH: usize = 128;
/// Share of features, and of hidden sums, that a step leaves out, so that none is relied on alone.
const LEFT_OUT: [f64; 2] = [0.1, 0.2];
/// Step size and weight decay of Adam (Kingma and Ba, 2015; Loshchilov and Hutter, 2019).
const STEP: f64 = 0.003;
const DECAY: f64 = 0.02;

/// Fits the network of a claim's direction. Where several stretches were kept aside, each is first judged by a network that
/// was fitted to the others, and the figures printed are those.
pub fn network(cases: &[(usize, [f32; DIRECTION], bool)]) -> Network {
    let folds: BTreeSet<usize> = cases.iter().map(|case| case.0).collect();
    if folds.len() > 1 {
        let mut judged = Vec::new();
        for fold in &folds {
            let (aside, rest): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.0 == *fold);
            let network = train(&rest);
            judged.extend(aside.iter().map(|case| (f64::from(network.chance(&case.1)), case.2)));
        }
        let right = judged.iter().filter(|(p, y)| (*p >= 0.5) == *y).count() as f64 / judged.len() as f64;
        println!("cases: {}, right {right:.3} on stretches that it was not fitted to", judged.len());
        sure(&judged);
    }
    train(&cases.iter().collect::<Vec<_>>())
}

/// Trains all members and joins them.
fn train(cases: &[&(usize, [f32; DIRECTION], bool)]) -> Network {
    let mut network = Network { hidden: [[0.0; DIRECTION]; HIDDEN], out: [0.0; HIDDEN + 1] };
    for member in 0..MEMBERS {
        let (hidden, out) = train_member(cases, Random(17 + member as u64));
        network.hidden[member * SUMS..][..SUMS].copy_from_slice(&hidden);
        network.out[member * SUMS..][..SUMS].iter_mut().zip(out).for_each(|(to, weight)| *to = weight / MEMBERS as f32);
        network.out[HIDDEN] += out[SUMS] / MEMBERS as f32;
    }
    network
}

/// Trains by Adam on standardised features; the scale is then taken into the weights.
fn train_member(cases: &[&(usize, [f32; DIRECTION], bool)], mut random: Random) -> ([[f32; DIRECTION]; SUMS], [f32; SUMS + 1]) {
    let (mean, spread) = standard(cases.iter().map(|(_, f, _)| f), 1e-2);
    let inputs: Vec<[f64; DIRECTION]> =
        cases.iter().map(|(_, f, _)| std::array::from_fn(|i| if i == 0 { 1.0 } else { (f64::from(f[i]) - mean[i]) / spread[i] })).collect();
    // Weights of the hidden sums, one after another, then those of the output.
    let size = SUMS * DIRECTION + SUMS + 1;
    let mut weights: Vec<f64> = (0..size).map(|_| (random.next() - 0.5) * 2.0 / (DIRECTION as f64).sqrt()).collect();
    let (mut first, mut second) = (vec![0.0; size], vec![0.0; size]);
    let mut order: Vec<usize> = (0..cases.len()).collect();
    let mut steps = 0;
    for epoch in 0..EPOCHS {
        for i in (1..order.len()).rev() {
            order.swap(i, (random.next() * (i + 1) as f64) as usize);
        }
        let pace = STEP * (1.0 - epoch as f64 / EPOCHS as f64);
        for batch in order.chunks(BATCH) {
            let mut gradient = vec![0.0; size];
            for case in batch {
                let mut keep = |x: f64, out: f64| if random.next() < out { 0.0 } else { x / (1.0 - out) };
                let mut input = inputs[*case];
                input[1..].iter_mut().for_each(|x| *x = keep(*x, LEFT_OUT[0]));
                let sums: Vec<f64> =
                    weights[..SUMS * DIRECTION].chunks(DIRECTION).map(|row| row.iter().zip(&input).map(|(w, x)| w * x).sum()).collect();
                let kept: Vec<f64> = sums.iter().map(|s| if *s > 0.0 { keep(1.0, LEFT_OUT[1]) } else { 0.0 }).collect();
                let out = &weights[SUMS * DIRECTION..];
                let logit = out[SUMS] + (0..SUMS).map(|h| out[h] * kept[h] * sums[h]).sum::<f64>();
                let pull = 1.0 / (1.0 + (-logit).exp()) - f64::from(u8::from(cases[*case].2));
                gradient[size - 1] += pull;
                for h in (0..SUMS).filter(|h| kept[*h] > 0.0) {
                    gradient[SUMS * DIRECTION + h] += pull * kept[h] * sums[h];
                    let back = pull * out[h] * kept[h];
                    gradient[h * DIRECTION..(h + 1) * DIRECTION].iter_mut().zip(&input).for_each(|(g, x)| *g += back * x);
                }
            }
            steps += 1;
            for i in 0..size {
                let g = gradient[i] / batch.len() as f64;
                first[i] = 0.9 * first[i] + 0.1 * g;
                second[i] = 0.999 * second[i] + 0.001 * g * g;
                let (m, v) = (first[i] / (1.0 - 0.9f64.powi(steps)), second[i] / (1.0 - 0.999f64.powi(steps)));
                weights[i] -= pace * (m / (v.sqrt() + 1e-8) + DECAY * weights[i]);
            }
        }
    }
    let mut hidden = [[0.0; DIRECTION]; SUMS];
    for (sum, row) in hidden.iter_mut().zip(weights.chunks(DIRECTION)) {
        let mut constant = row[0];
        for i in 1..DIRECTION {
            sum[i] = (row[i] / spread[i]) as f32;
            constant -= row[i] * mean[i] / spread[i];
        }
        sum[0] = constant as f32;
    }
    (hidden, std::array::from_fn(|i| weights[SUMS * DIRECTION + i] as f32))
}

/// Numbers from 0 to 1, the same in every run (Marsaglia, "Xorshift RNGs", 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}
