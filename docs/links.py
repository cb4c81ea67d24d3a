"""What the pages say that links in letters open, by language."""

VERIFY: dict[str, dict[str, str]] = {
    "en": {
        "heading": "Confirm your e-mail address",
        "why": "One click, and we know that this address is yours.",
        "button": "Confirm the address",
        "done": "Thank you: the address is confirmed.",
        "spent": "This link was used, has expired, or is incomplete. Ask for a new one.",
    },
    "es": {
        "heading": "Confirma tu dirección de correo",
        "why": "Un clic, y sabremos que esta dirección es tuya.",
        "button": "Confirmar la dirección",
        "done": "Gracias: la dirección está confirmada.",
        "spent": "Este enlace ya se ha usado, ha caducado o está incompleto. Pide uno nuevo.",
    },
}
RESET: dict[str, dict[str, str]] = {
    "en": {
        "heading": "Choose a new password",
        "why": "8 to 128 characters, any of them. All sessions will end.",
        "password": "New password",
        "button": "Change the password",
        "done": "The password is changed. Sign in with it.",
        "spent": "This link was used, has expired, or is incomplete. Ask for a new one.",
    },
    "es": {
        "heading": "Elige una contraseña nueva",
        "why": "De 8 a 128 caracteres, los que quieras. Se cerrarán todas las sesiones.",
        "password": "Contraseña nueva",
        "button": "Cambiar la contraseña",
        "done": "La contraseña ha cambiado. Inicia sesión con ella.",
        "spent": "Este enlace ya se ha usado, ha caducado o está incompleto. Pide uno nuevo.",
    },
}
