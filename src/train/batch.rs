//! Numbers for libtorch: token ids padded to one length with their mask, learning rates, accuracy.

use super::Examples;
use tch::{Kind, Tensor};

/// Token ids of several texts, padded to the longest, and the mask that is 1 where a token stands. Both are
/// `[texts, tokens]`.
pub fn pad(ids: &[Vec<i64>]) -> (Tensor, Tensor) {
    let longest = ids.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut flat = vec![0i64; ids.len() * longest];
    let mut mask = vec![0i64; ids.len() * longest];
    for (row, text) in ids.iter().enumerate() {
        flat[row * longest..row * longest + text.len()].copy_from_slice(text);
        mask[row * longest..row * longest + text.len()].fill(1);
    }
    let shape = [ids.len() as i64, longest as i64];
    (Tensor::from_slice(&flat).reshape(shape), Tensor::from_slice(&mask).reshape(shape))
}

/// Rows scaled to length 1.
pub fn normalized(rows: &Tensor) -> Tensor {
    rows / rows.norm_scalaropt_dim(2, [-1i64].as_slice(), true).clamp_min(1e-9)
}

/// Share of the most at a step: rises over the first tenth of all steps, then falls to 0.
pub fn warm_and_fall(step: usize, steps: usize) -> f64 {
    let warm = (steps / 10).max(1);
    if step < warm { (step + 1) as f64 / warm as f64 } else { (steps - step) as f64 / (steps - warm).max(1) as f64 }
}

/// The mean of the rows of each class, of length 1; `[classes, dims]`. A class without rows gets zeros.
pub fn means(rows: &Tensor, classes: &[i64], count: usize) -> Tensor {
    let dims = rows.size()[1];
    let sums = Tensor::zeros([count as i64, dims], (Kind::Float, tch::Device::Cpu));
    normalized(&sums.index_add(0, &Tensor::from_slice(classes), rows))
}

/// Accuracy on the examples kept aside, given their embeddings and all prototypes: on ways of asking, and on statements.
pub fn accuracies(examples: &Examples, rows: &Tensor, prototypes: &Tensor) -> [f64; 2] {
    let classes: Vec<i64> = examples.aside.iter().map(|e| i64::from(e.class)).collect();
    let asking = examples.aside.partition_point(|e| examples.asks(i64::from(e.class))) as i64;
    [(true, 0, asking), (false, asking, classes.len() as i64 - asking)].map(|(asks, start, length)| {
        let (first, count) = examples.sort(asks);
        let logits = rows.narrow(0, start, length).matmul(&normalized(&prototypes.narrow(0, first, count)).tr());
        let classes = Tensor::from_slice(&classes[start as usize..(start + length) as usize]) - first;
        accuracy(&logits, &classes)
    })
}

/// Cross entropy of embeddings, all of one sort, whose classes are given.
pub fn loss(examples: &Examples, rows: &Tensor, prototypes: &Tensor, scale: &Tensor, classes: &[i64], smoothing: f64) -> Tensor {
    let (first, count) = examples.sort(classes.first().is_some_and(|class| examples.asks(*class)));
    let logits = rows.matmul(&normalized(&prototypes.narrow(0, first, count)).tr()) * scale;
    logits.cross_entropy_loss::<Tensor>(&(Tensor::from_slice(classes) - first), None, tch::Reduction::Mean, -100, smoothing)
}

/// Share of the rows whose highest logit is their class.
fn accuracy(logits: &Tensor, classes: &Tensor) -> f64 {
    if classes.numel() == 0 {
        return 0.0;
    }
    logits.argmax(-1, false).eq_tensor(classes).to_kind(Kind::Float).mean(Kind::Float).double_value(&[])
}
