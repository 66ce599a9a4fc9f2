"""The extension's door: Blender calls `register` and `unregister` here."""


def register() -> None:
    from .kmtalk_addon import registration

    registration.register()


def unregister() -> None:
    from .kmtalk_addon import registration

    registration.unregister()
