"""PyTorch Lightning, where it is installed: what is recorded of `Trainer.fit`."""

import pytest

torch = pytest.importorskip("torch", exc_type=ImportError)
pl = pytest.importorskip("lightning.pytorch", exc_type=ImportError)

import trackbook as tb  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's own, about data loaders and devices

inputs = torch.linspace(-1, 1, 60).reshape(20, 3)
data = torch.utils.data.TensorDataset(inputs, inputs.sum(dim=1, keepdim=True))


class Net(pl.LightningModule):
    def __init__(self, lr=0.1, fails=False):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(3, 1)

    def _loss(self, batch):
        if self.hparams.fails:
            raise ArithmeticError("the user's own")
        return torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])

    def training_step(self, batch, number):
        loss = self._loss(batch)
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch, number):
        self.log("val_loss", self._loss(batch))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.5)


def fit(tmp_path, epochs=2, **options):
    pl.seed_everything(1, verbose=False)
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        log_every_n_steps=2,
        default_root_dir=tmp_path,
        **quiet,
    )
    model = Net(**options)
    loader = torch.utils.data.DataLoader(data, batch_size=5)
    before = list(trainer.callbacks)
    try:
        trainer.fit(model, loader, loader)
    finally:
        assert trainer.callbacks == before
    return trainer, model


def test_a_fit(project, tmp_path):
    tb.autolog("lightning")
    trainer, _ = fit(tmp_path)
    run = project.run
    assert run.status == "finished"
    assert run.tags == {"autolog": "lightning", "estimator": "Net"}
    assert (run.params["max_epochs"], run.params["lr"]) == (2, 0.1)
    assert (run.params["optimizer.name"], run.params["optimizer.momentum"]) == ("SGD", 0.5)
    assert len(run.points("val_loss")) == len(run.points("train_loss")) == 2
    assert run.points("val_loss")[-1] == pytest.approx(float(trainer.callback_metrics["val_loss"]))
    assert run.points("train_loss")[-1] == pytest.approx(float(trainer.callback_metrics["train_loss_epoch"]))
    assert run.points("train_loss_step") == []
    assert len(run.points("loss", dataset="train")) == 4
    assert run.artifacts["model_summary.txt"].decode().splitlines()[-1] == "Net  4 parameters"


def test_results_are_the_same_and_it_goes_without_a_trace(project, tmp_path):
    original = vars(pl.Trainer)["fit"]
    _, plain = fit(tmp_path)
    tb.autolog("lightning")
    _, recorded = fit(tmp_path)
    assert torch.equal(recorded.layer.weight, plain.layer.weight)
    with tb.no_autolog():
        fit(tmp_path)
    tb.autolog(False)
    assert vars(pl.Trainer)["fit"] is original
    assert len(project.runs) == 1


@pytest.mark.parametrize(
    "name", ["_params", "_add_callback", "_optimizers", "_log_loss", "_log_epoch", "_finish"]
)
def test_a_fault_inside_never_reaches_the_users_code(project, monkeypatch, tmp_path, name):
    tb.autolog("lightning")

    def broken(*args):
        raise RuntimeError("broken inside")

    monkeypatch.setattr(f"trackbook.integrations.lightning_fit.{name}", broken)
    with pytest.warns(UserWarning, match="broken inside") as shown:
        fit(tmp_path, epochs=1)
    assert len([warning for warning in shown if "broken inside" in str(warning.message)]) == 1
    assert project.run.status == "finished"


def test_an_error_is_the_users_own(project, tmp_path):
    tb.autolog("lightning")
    with pytest.raises(ArithmeticError, match="the user's own"):
        fit(tmp_path, fails=True)
    assert project.run.status == "failed"
